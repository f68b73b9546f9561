_base_ = ['./mask-rcnn_r18_fpn_camouflage.py', '../_base_/mask_iou_head.py']

mask_iou_head = _base_.mask_iou_head
mask_iou_head.update(in_channels=64, conv_out_channels=64, fc_out_channels=256)
model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.MaskScoringRoIHead', mask_iou_head=mask_iou_head
    )
)
