_base_ = [
    './cascade-mask-rcnn_r50_fpn_1x_coco.py',
    '../_base_/mask_iou_head.py',
]

mask_iou_head = _base_.mask_iou_head
# The last stage's losses are multiplied by 0.25.
mask_iou_head.loss_iou.loss_weight = 4.0
model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.CascadeMaskScoringRoIHead',
        mask_iou_head=mask_iou_head,
    )
)
