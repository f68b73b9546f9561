# CondInst with 64 channels on a pyramid from stride 4, for nuclei.
_base_ = '../nuclei/mask-rcnn_r18_fpn_16e_nuclei.py'

channels = 64
model = dict(
    _delete_=True,
    type='CondInst',
    data_preprocessor=dict(
        type='DetDataPreprocessor',
        mean=[127.5] * 3,
        std=[127.5] * 3,
        bgr_to_rgb=True,
        pad_mask=True,
        pad_size_divisor=32,
    ),
    backbone=dict(
        type='mmdet_msrcnn.EfficientNetLite',
        out_indices=(2, 3, 4, 5),
        frozen_stages=0,
        norm_eval=False,
        init_cfg=dict(
            type='Pretrained', checkpoint='data/weights/efficientnet-lite0.pth'
        ),
    ),
    neck=dict(
        type='FPN',
        in_channels=[24, 40, 112, 320],
        out_channels=channels,
        start_level=0,
        add_extra_convs='on_output',
        num_outs=5,
        relu_before_extra_convs=True,
        norm_cfg=dict(type='BN'),
    ),
    bbox_head=dict(
        type='CondInstBboxHead',
        num_params=169,
        num_classes=1,
        in_channels=channels,
        stacked_convs=2,
        feat_channels=channels,
        strides=[4, 8, 16, 32, 64],
        regress_ranges=((-1, 32), (32, 64), (64, 128), (128, 256), (256, 1e8)),
        norm_on_bbox=True,
        centerness_on_reg=True,
        dcn_on_last_conv=False,
        center_sampling=True,
        conv_bias=True,
        loss_cls=dict(
            type='FocalLoss',
            use_sigmoid=True,
            gamma=2.0,
            alpha=0.25,
            loss_weight=1.0,
        ),
        loss_bbox=dict(type='GIoULoss', loss_weight=1.0),
        loss_centerness=dict(
            type='CrossEntropyLoss', use_sigmoid=True, loss_weight=1.0
        ),
    ),
    mask_head=dict(
        type='CondInstMaskHead',
        num_layers=3,
        feat_channels=8,
        size_of_interest=4,
        mask_out_stride=4,
        max_masks_to_train=300,
        mask_feature_head=dict(
            in_channels=channels,
            feat_channels=channels,
            start_level=0,
            end_level=2,
            out_channels=8,
            mask_stride=4,
            num_stacked_convs=2,
            norm_cfg=dict(type='BN', requires_grad=True),
        ),
        loss_mask=dict(
            type='DiceLoss',
            use_sigmoid=True,
            activate=True,
            eps=5e-6,
            loss_weight=1.0,
        ),
    ),
    test_cfg=dict(
        nms_pre=1000,
        min_bbox_size=0,
        score_thr=0.05,
        nms=dict(type='nms', iou_threshold=0.6),
        max_per_img=300,
        mask_thr=0.5,
    ),
)

train_cfg = dict(max_epochs=24, val_interval=24)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 24
