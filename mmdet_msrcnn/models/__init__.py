from mmdet_msrcnn.models.cascade_mask_scoring_roi_head import (
    CascadeMaskScoringRoIHead,
)
from mmdet_msrcnn.models.detection_scoring_roi_head import (
    DetectionScoringRoIHead,
)
from mmdet_msrcnn.models.fcn_mask_head import FCNMaskHead
from mmdet_msrcnn.models.frozen_detector import FrozenTwoStageDetector
from mmdet_msrcnn.models.mask_fusion import FUSIONS
from mmdet_msrcnn.models.mask_iou_head import MaskIoUHead
from mmdet_msrcnn.models.mask_iou_loss import MaskIoULoss
from mmdet_msrcnn.models.mask_iou_target import mask_iou_target
from mmdet_msrcnn.models.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.mask_scoring_roi_head import MaskScoringRoIHead
from mmdet_msrcnn.models.mask_scoring_tta import MaskScoringTTAModel
from mmdet_msrcnn.models.maskness_head import MasknessHead

__all__ = [
    'FUSIONS',
    'CascadeMaskScoringRoIHead',
    'DetectionScoringRoIHead',
    'FCNMaskHead',
    'FrozenTwoStageDetector',
    'MaskIoUHead',
    'MaskIoULoss',
    'MaskScoreHead',
    'MaskScoringRoIHead',
    'MaskScoringTTAModel',
    'MasknessHead',
    'mask_iou_target',
]
