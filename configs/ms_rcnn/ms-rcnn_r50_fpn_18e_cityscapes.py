_base_ = [
    '../mask_rcnn/mask-rcnn_r50_fpn_18e_cityscapes.py',
    '../_base_/mask_iou_head.py',
]

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.MaskScoringRoIHead',
        mask_iou_head=_base_.mask_iou_head,
    )
)
