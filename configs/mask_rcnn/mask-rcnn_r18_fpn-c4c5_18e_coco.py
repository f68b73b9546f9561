# The paper's R-18 (section 4.1): C4 and C5 alone feed the RPN
# and the RoI features.
_base_ = './mask-rcnn_r18_fpn_18e_coco.py'

# As in FPN, C5 takes RoIs from 448 pixels on; mmdet's 56 would give it those
# from 112.
levels = dict(featmap_strides=[16, 32], finest_scale=224)
model = dict(
    backbone=dict(out_indices=(2, 3)),
    neck=dict(in_channels=[256, 512], num_outs=2),
    # One scale on two levels would leave no anchor under 128 pixels.
    rpn_head=dict(
        anchor_generator=dict(scales=[2, 4, 8, 16], strides=[16, 32])
    ),
    roi_head=dict(bbox_roi_extractor=levels, mask_roi_extractor=levels),
)
