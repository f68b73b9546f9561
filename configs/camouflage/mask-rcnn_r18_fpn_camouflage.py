# The demo's recipe on generated pictures of camouflaged objects.
_base_ = '../demo/mask-rcnn_r18_fpn_demo.py'

model = dict(
    # Objects are 40 to 150 pixels wide.
    rpn_head=dict(anchor_generator=dict(scales=[6])),
    roi_head=dict(
        bbox_head=dict(num_classes=1), mask_head=dict(num_classes=1)
    ),
)

data_root = 'data/camouflage/'
metainfo = dict(classes=('camouflaged object',), palette=[(220, 20, 60)])
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    dataset=dict(
        metainfo=metainfo,
        data_root=data_root,
        data_prefix=dict(img='train/Imgs/'),
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        metainfo=metainfo,
        data_root=data_root,
        ann_file='test.json',
        data_prefix=dict(img='test/Imgs/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(
        type='mmdet_msrcnn.MaskScoringMetric',
        ann_file=data_root + 'test.json',
        metric=['bbox', 'segm'],
    ),
    dict(
        type='mmdet_msrcnn.CamouflageMetric', ann_file=data_root + 'test.json'
    ),
]
test_evaluator = val_evaluator

# From scratch, on fewer pictures than the demo has.
train_cfg = dict(max_epochs=16, val_interval=16)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 16
