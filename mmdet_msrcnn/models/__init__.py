from mmdet_msrcnn.models.mask_iou_head import MaskIoUHead
from mmdet_msrcnn.models.mask_iou_loss import MaskIoULoss
from mmdet_msrcnn.models.mask_iou_target import mask_iou_target
from mmdet_msrcnn.models.mask_scoring_roi_head import MaskScoringRoIHead

__all__ = [
    'MaskIoUHead',
    'MaskIoULoss',
    'MaskScoringRoIHead',
    'mask_iou_target',
]
