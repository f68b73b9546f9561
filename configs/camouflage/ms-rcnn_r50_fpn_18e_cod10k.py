_base_ = [
    './mask-rcnn_r50_fpn_18e_cod10k.py',
    '../_base_/mask_iou_head.py',
]

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.MaskScoringRoIHead',
        mask_iou_head=_base_.mask_iou_head,
    )
)
