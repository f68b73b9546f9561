# Needs `pip install cityscapesscripts==2.3.0`.
_base_ = './mask-rcnn_r50_fpn_18e_coco.py'

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=8), mask_head=dict(num_classes=8))
)

dataset_type = 'CityscapesDataset'
data_root = 'data/cityscapes/'
train_pipeline = [
    dict(type='LoadImageFromFile'),
    # mmdet's converter writes RLE, which cannot be loaded as polygons.
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(
        type='RandomResize', scale=[(2048, 800), (2048, 1024)], keep_ratio=True
    ),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
test_pipeline = _base_.test_pipeline
test_pipeline[1].scale = (2048, 1024)
train_dataloader = dict(
    batch_size=1,
    dataset=dict(
        _delete_=True,
        type='RepeatDataset',
        # 18 epochs of 4 x 2,975 images are 26,775 steps of 8 images; the
        # Mask R-CNN paper uses 24,000 steps.
        times=4,
        dataset=dict(
            type=dataset_type,
            data_root=data_root,
            ann_file='annotations/instancesonly_filtered_gtFine_train.json',
            data_prefix=dict(img='leftImg8bit/train/'),
            filter_cfg=dict(filter_empty_gt=True, min_size=32),
            pipeline=train_pipeline,
        ),
    ),
)
val_dataloader = dict(
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='annotations/instancesonly_filtered_gtFine_val.json',
        data_prefix=dict(img='leftImg8bit/val/'),
        pipeline=test_pipeline,
    )
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(
        type='mmdet_msrcnn.MaskScoringMetric',
        ann_file=data_root
        + 'annotations/instancesonly_filtered_gtFine_val.json',
        metric=['bbox', 'segm'],
    ),
    dict(
        type='mmdet_msrcnn.CityScapesMetric',
        seg_prefix=data_root + 'gtFine/val',
        outfile_prefix='work_dirs/cityscapes_metric/instance',
    ),
]
test_evaluator = val_evaluator

# 8 images per step
optim_wrapper = dict(optimizer=dict(lr=0.01))
auto_scale_lr = dict(base_batch_size=8)
