# The recipe of the MS R-CNN paper, section 4.1. Values that it does not give
# are mmdet's defaults.
_base_ = '../_base_/mask-rcnn_r50_fpn_coco.py'

model = dict(
    test_cfg=dict(
        rcnn=dict(
            nms=dict(
                _delete_=True,
                type='soft_nms',
                iou_threshold=0.5,
                sigma=0.5,
                min_score=0.05,
                method='linear',
            )
        )
    )
)

# Polygons keep their precision when resized; bitmaps do not.
train_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(
        type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
    ),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=18)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500
    ),
    dict(
        type='MultiStepLR',
        begin=0,
        end=18,
        by_epoch=True,
        milestones=[14, 17],
        gamma=0.1,
    ),
]
