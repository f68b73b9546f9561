_base_ = [
    './cascade-mask-rcnn_r50_fpn_1x_coco.py',
    '../_base_/mask_iou_head.py',
]

mask_iou_head = _base_.mask_iou_head
mask_iou_head.type = 'mmdet_msrcnn.MaskScoreHead'
model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.CascadeDetectionScoringRoIHead',
        mask_iou_head=mask_iou_head,
    )
)
optim_wrapper = dict(
    constructor='mmdet_msrcnn.ClipApartOptimWrapperConstructor'
)
