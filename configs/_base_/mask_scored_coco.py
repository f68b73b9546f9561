# A mask score for a trained detector of mmdet, which stays as it is: data,
# head and schedule. A model adds its config, its checkpoint, and what differs.
_base_ = './mask-rcnn_r50_fpn_coco.py'

model = dict(
    _delete_=True,
    type='mmdet_msrcnn.MaskScoredDetector',
    # mmdet's init_detector reads this key.
    backbone=dict(),
    roi_extractor=dict(
        type='mmdet.SingleRoIExtractor',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=256,
        featmap_strides=[4, 8, 16, 32],
    ),
    mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead', class_agnostic=True),
)

train_cfg = dict(max_epochs=6, val_interval=6)
optim_wrapper = dict(
    optimizer=dict(_delete_=True, type='AdamW', lr=5e-4, weight_decay=0.01),
    clip_grad=dict(max_norm=5),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=500),
    dict(
        type='CosineAnnealingLR',
        by_epoch=True,
        begin=0,
        end=6,
        eta_min=1e-5,
        convert_to_iter_based=True,
    ),
]
# Without NumClassCheckHook: the scorer is class-agnostic, so its num_classes
# does not matter.
custom_hooks = [
    dict(type='mmdet_msrcnn.AnnotationCheckHook'),
    dict(type='mmdet_msrcnn.CheckpointFitHook'),
    dict(type='mmdet_msrcnn.FiniteLossHook'),
]
randomness = dict(seed=0)
