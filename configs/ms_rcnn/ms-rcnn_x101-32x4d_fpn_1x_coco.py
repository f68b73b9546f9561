_base_ = [
    '../mask_rcnn/mask-rcnn_x101-32x4d_fpn_1x_coco.py',
    '../_base_/mask_iou_head.py',
]

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.MaskScoringRoIHead',
        mask_iou_head=_base_.mask_iou_head,
    )
)
