# A light Mask R-CNN for photos: EfficientNet-Lite0 from ImageNet, FPN with 64
# channels. It trains in less than an hour on one CPU core.
_base_ = '../mask_rcnn/mask-rcnn_r50_fpn_18e_coco.py'

channels = 64
extractor = dict(out_channels=channels, roi_layer=dict(sampling_ratio=2))
model = dict(
    data_preprocessor=dict(mean=[127.5] * 3, std=[127.5] * 3),
    backbone=dict(
        _delete_=True,
        type='mmdet_msrcnn.EfficientNetLite',
        out_indices=(2, 3, 4, 5),
        # The stem and the first block
        frozen_stages=2,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained', checkpoint='data/weights/efficientnet-lite0.pth'
        ),
    ),
    neck=dict(
        in_channels=[24, 40, 112, 320],
        out_channels=channels,
        norm_cfg=dict(type='BN'),
    ),
    rpn_head=dict(in_channels=channels, feat_channels=channels),
    roi_head=dict(
        bbox_roi_extractor=extractor,
        bbox_head=dict(in_channels=channels, fc_out_channels=512),
        mask_roi_extractor=extractor,
        mask_head=dict(in_channels=channels, conv_out_channels=channels),
    ),
    train_cfg=dict(
        rpn_proposal=dict(nms_pre=500, max_per_img=300),
        rcnn=dict(sampler=dict(num=64)),
    ),
    test_cfg=dict(rpn=dict(nms_pre=500, max_per_img=300)),
)

image_scale = (320, 320)
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(
        type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
    ),
    dict(
        type='RandomResize',
        scale=image_scale,
        ratio_range=(0.75, 1.25),
        keep_ratio=True,
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=image_scale, keep_ratio=True),
    dict(
        type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
    ),
    dict(
        type='PackDetInputs',
        meta_keys=(
            'img_id',
            'img_path',
            'ori_shape',
            'img_shape',
            'scale_factor',
        ),
    ),
]
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    dataset=dict(
        ann_file='train.json',
        data_prefix=dict(img='train/'),
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    num_workers=1,
    persistent_workers=False,
    dataset=dict(
        ann_file='val.json',
        data_prefix=dict(img='val/'),
        pipeline=test_pipeline,
    ),
)
test_dataloader = val_dataloader

train_cfg = dict(max_epochs=12, val_interval=12)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=5e-4, weight_decay=0.01),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.2))),
    clip_grad=dict(max_norm=5),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        begin=0,
        end=12,
        eta_min=1e-5,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(
    logger=dict(interval=20), checkpoint=dict(max_keep_ckpts=2)
)
auto_scale_lr = dict(base_batch_size=4)
randomness = dict(seed=0)
