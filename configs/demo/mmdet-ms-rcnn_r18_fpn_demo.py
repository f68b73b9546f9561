# mmdet's own MS R-CNN with the same recipe, for comparison. Its weights load
# into ms-rcnn_r18_fpn_demo.py, which is used to test them.
_base_ = './mask-rcnn_r18_fpn_demo.py'

model = dict(
    type='MaskScoringRCNN',
    roi_head=dict(
        type='MaskScoringRoIHead',
        mask_head=dict(type='FCNMaskHead'),
        mask_iou_head=dict(
            type='MaskIoUHead',
            in_channels=64,
            conv_out_channels=64,
            fc_out_channels=256,
            num_classes=10,
        ),
    ),
)
