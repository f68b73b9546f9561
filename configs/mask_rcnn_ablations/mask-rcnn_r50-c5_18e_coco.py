# Without FPN: proposals and RoI features come from C5, with stride 32. The
# paper does not describe its heads; these are those of FPN, on 2048 channels.
_base_ = '../mask_rcnn/mask-rcnn_r50_fpn_18e_coco.py'

model = dict(
    backbone=dict(out_indices=(3,)),
    neck=None,
    rpn_head=dict(
        in_channels=2048,
        feat_channels=1024,
        # The same anchors in pixels as with C4.
        anchor_generator=dict(scales=[1, 2, 4, 8, 16], strides=[32]),
    ),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=2048, featmap_strides=[32]),
        bbox_head=dict(in_channels=2048),
        mask_roi_extractor=dict(out_channels=2048, featmap_strides=[32]),
        mask_head=dict(in_channels=2048),
    ),
    train_cfg=dict(rpn_proposal=dict(nms_pre=12000, max_per_img=2000)),
    test_cfg=dict(rpn=dict(nms_pre=6000)),
)
