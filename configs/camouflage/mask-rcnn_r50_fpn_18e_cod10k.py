# The camouflaged images of COD10K: docs/camouflage.md says how to get them.
_base_ = '../mask_rcnn/mask-rcnn_r50_fpn_18e_coco.py'

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=1), mask_head=dict(num_classes=1))
)

data_root = 'data/COD10K-v3/'
metainfo = dict(classes=('camouflaged object',), palette=[(220, 20, 60)])
train_pipeline = [
    dict(type='LoadImageFromFile'),
    # The converter writes RLE, which cannot be loaded as polygons.
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    dataset=dict(
        metainfo=metainfo,
        data_root=data_root,
        ann_file='train.json',
        data_prefix=dict(img='Train/Image/'),
        pipeline=train_pipeline,
    )
)
val_dataloader = dict(
    dataset=dict(
        metainfo=metainfo,
        data_root=data_root,
        ann_file='test.json',
        data_prefix=dict(img='Test/Image/'),
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
