# A small Mask2Former, for nuclei.
_base_ = '../nuclei/mask-rcnn_r18_fpn_16e_nuclei.py'

channels = 128
attention = dict(
    embed_dims=channels, num_heads=8, dropout=0.0, batch_first=True
)
positions = dict(num_feats=channels // 2, normalize=True)
model = dict(
    _delete_=True,
    type='Mask2Former',
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
    panoptic_head=dict(
        type='Mask2FormerHead',
        in_channels=[24, 40, 112, 320],
        strides=[4, 8, 16, 32],
        feat_channels=channels,
        out_channels=channels,
        num_things_classes=1,
        num_stuff_classes=0,
        num_queries=300,
        num_transformer_feat_level=3,
        pixel_decoder=dict(
            type='MSDeformAttnPixelDecoder',
            num_outs=3,
            norm_cfg=dict(type='GN', num_groups=32),
            act_cfg=dict(type='ReLU'),
            encoder=dict(
                num_layers=3,
                layer_cfg=dict(
                    self_attn_cfg=dict(
                        **attention, num_levels=3, num_points=4
                    ),
                    ffn_cfg=dict(
                        embed_dims=channels,
                        feedforward_channels=2 * channels,
                        num_fcs=2,
                        ffn_drop=0.0,
                        act_cfg=dict(type='ReLU', inplace=True),
                    ),
                ),
            ),
            positional_encoding=positions,
        ),
        enforce_decoder_input_project=False,
        positional_encoding=positions,
        transformer_decoder=dict(
            return_intermediate=True,
            num_layers=6,
            layer_cfg=dict(
                self_attn_cfg=attention,
                cross_attn_cfg=attention,
                ffn_cfg=dict(
                    embed_dims=channels,
                    feedforward_channels=4 * channels,
                    num_fcs=2,
                    ffn_drop=0.0,
                    act_cfg=dict(type='ReLU', inplace=True),
                ),
            ),
            init_cfg=None,
        ),
        loss_cls=dict(
            type='CrossEntropyLoss',
            use_sigmoid=False,
            loss_weight=2.0,
            reduction='mean',
            class_weight=[1.0, 0.1],
        ),
        loss_mask=dict(
            type='CrossEntropyLoss',
            use_sigmoid=True,
            reduction='mean',
            loss_weight=5.0,
        ),
        loss_dice=dict(
            type='DiceLoss',
            use_sigmoid=True,
            activate=True,
            reduction='mean',
            naive_dice=True,
            eps=1.0,
            loss_weight=5.0,
        ),
    ),
    panoptic_fusion_head=dict(
        type='MaskFormerFusionHead',
        num_things_classes=1,
        num_stuff_classes=0,
        loss_panoptic=None,
        init_cfg=None,
    ),
    train_cfg=dict(
        num_points=4096,
        oversample_ratio=3.0,
        importance_sample_ratio=0.75,
        assigner=dict(
            type='HungarianAssigner',
            match_costs=[
                dict(type='ClassificationCost', weight=2.0),
                dict(
                    type='CrossEntropyLossCost', weight=5.0, use_sigmoid=True
                ),
                dict(type='DiceCost', weight=5.0, pred_act=True, eps=1.0),
            ],
        ),
        sampler=dict(type='MaskPseudoSampler'),
    ),
    test_cfg=dict(
        panoptic_on=False,
        semantic_on=False,
        instance_on=True,
        max_per_image=300,
        iou_thr=0.8,
        filter_low_score=True,
    ),
    init_cfg=None,
)

train_cfg = dict(max_epochs=20, val_interval=20)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 20
optim_wrapper = dict(
    optimizer=dict(lr=4e-4, weight_decay=0.05),
    paramwise_cfg=dict(norm_decay_mult=0.0),
    clip_grad=dict(max_norm=1.0),
)
