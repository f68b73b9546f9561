_base_ = [
    '../mask_rcnn/mask-rcnn_r101-c4_18e_coco.py',
    '../_base_/mask_iou_head.py',
]

mask_iou_head = _base_.mask_iou_head
mask_iou_head.update(in_channels=2048, roi_feat_size=7)
model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.MaskScoringRoIHead', mask_iou_head=mask_iou_head
    )
)
