# Without FPN: proposals and RoI features come from C4. Box and mask head share
# res5, which converts 14x14 RoI features to 7x7.
_base_ = './mask-rcnn_r101_fpn_18e_coco.py'

model = dict(
    backbone=dict(
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(2,),
    ),
    neck=None,
    rpn_head=dict(
        in_channels=1024,
        feat_channels=1024,
        anchor_generator=dict(scales=[2, 4, 8, 16, 32], strides=[16]),
    ),
    roi_head=dict(
        shared_head=dict(
            type='ResLayer',
            depth=101,
            stage=3,
            norm_cfg=dict(type='BN', requires_grad=True),
            norm_eval=True,
            # mmdet's own C4 config initializes res5 randomly.
            init_cfg=_base_.model.backbone.init_cfg,
        ),
        bbox_roi_extractor=dict(
            roi_layer=dict(output_size=14),
            out_channels=1024,
            featmap_strides=[16],
        ),
        bbox_head=dict(
            _delete_=True,
            type='BBoxHead',
            with_avg_pool=True,
            roi_feat_size=7,
            in_channels=2048,
            num_classes=80,
            bbox_coder=_base_.model.roi_head.bbox_head.bbox_coder,
            reg_class_agnostic=False,
            loss_cls=_base_.model.roi_head.bbox_head.loss_cls,
            loss_bbox=_base_.model.roi_head.bbox_head.loss_bbox,
        ),
        mask_roi_extractor=None,
        mask_head=dict(num_convs=0, in_channels=2048),
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=12000, max_per_img=2000),
        rcnn=dict(mask_size=14),
    ),
    test_cfg=dict(rpn=dict(nms_pre=6000)),
)
