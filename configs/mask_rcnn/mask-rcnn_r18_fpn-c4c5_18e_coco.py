# The paper's R-18 (section 4.1): RPN and RoI features use only C4 and C5.
_base_ = './mask-rcnn_r18_fpn_18e_coco.py'

# As in FPN, C5 gets RoIs of at least 448 pixels. With mmdet's 56 it would get
# RoIs from 112 pixels on.
levels = dict(featmap_strides=[16, 32], finest_scale=224)
model = dict(
    backbone=dict(out_indices=(2, 3)),
    neck=dict(in_channels=[256, 512], num_outs=2),
    # With one scale, two levels would have no anchors below 128 pixels.
    rpn_head=dict(
        anchor_generator=dict(scales=[2, 4, 8, 16], strides=[16, 32])
    ),
    roi_head=dict(bbox_roi_extractor=levels, mask_roi_extractor=levels),
)
