from mmdet_msrcnn.models.backbones.efficientnet_lite import EfficientNetLite
from mmdet_msrcnn.models.detectors.frozen_two_stage import (
    FrozenTwoStageDetector,
)
from mmdet_msrcnn.models.detectors.mask_scored_detector import (
    MaskScoredDetector,
)
from mmdet_msrcnn.models.losses.mask_iou_loss import MaskIoULoss
from mmdet_msrcnn.models.losses.multinomial_mask_loss import (
    MultinomialMaskLoss,
)
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    DETECTIONS,
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.fcn_mask_head import FCNMaskHead
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS
from mmdet_msrcnn.models.mask_heads.mask_iou_head import MaskIoUHead
from mmdet_msrcnn.models.mask_heads.mask_relation_head import MaskRelationHead
from mmdet_msrcnn.models.mask_heads.mask_score_head import MaskScoreHead
from mmdet_msrcnn.models.mask_heads.maskness_head import MasknessHead
from mmdet_msrcnn.models.mask_heads.mlp_mask_head import MLPMaskHead
from mmdet_msrcnn.models.mask_heads.multinomial_mask_head import (
    MultinomialMaskHead,
)
from mmdet_msrcnn.models.roi_extractors.single_roi_extractor import (
    ROI_LAYERS,
    SingleRoIExtractor,
)
from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.cascade_detection_scoring_roi_head import (
    CascadeDetectionScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.cascade_mask_scoring_roi_head import (
    CascadeMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.detection_scoring_roi_head import (
    DetectionScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.mask_scoring_roi_head import (
    MaskScoringRoIHead,
)
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from mmdet_msrcnn.models.test_time_augs.mask_scoring_tta import (
    MaskScoringTTAModel,
)

__all__ = [
    'DETECTIONS',
    'FUSIONS',
    'POSITIVES',
    'ROI_LAYERS',
    'BaseMaskScorer',
    'BaseMaskScoringRoIHead',
    'CascadeDetectionScoringRoIHead',
    'CascadeMaskScoringRoIHead',
    'DetectionScoringRoIHead',
    'EfficientNetLite',
    'FCNMaskHead',
    'FrozenTwoStageDetector',
    'MLPMaskHead',
    'MaskIoUHead',
    'MaskIoULoss',
    'MaskRelationHead',
    'MaskScoreHead',
    'MaskScoredDetector',
    'MaskScoringRoIHead',
    'MaskScoringTTAModel',
    'MasknessHead',
    'MultinomialMaskHead',
    'MultinomialMaskLoss',
    'SingleRoIExtractor',
    'mask_iou_target',
]
