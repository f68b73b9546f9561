# The MaskIoU head of the paper, for the RoI head of a Mask R-CNN. This name is
# read once; later configs change model.roi_head.mask_iou_head instead.
mask_iou_head = dict(
    type='mmdet_msrcnn.MaskIoUHead',
    num_convs=4,
    num_fcs=2,
    roi_feat_size=14,
    in_channels=256,
    conv_out_channels=256,
    fc_out_channels=1024,
    loss_iou=dict(type='mmdet_msrcnn.MaskIoULoss', tau=0.0, loss_weight=1.0),
)
