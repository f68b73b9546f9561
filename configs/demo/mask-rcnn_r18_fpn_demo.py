# The nuclei recipe on generated scenes of handwritten digits.
_base_ = '../nuclei/mask-rcnn_r18_fpn_16e_nuclei.py'

model = dict(
    # Half the channels of R-18: it trains in minutes on two CPU cores.
    backbone=dict(base_channels=32),
    neck=dict(in_channels=[32, 64, 128, 256]),
    roi_head=dict(
        bbox_head=dict(num_classes=10), mask_head=dict(num_classes=10)
    ),
    train_cfg=dict(rcnn=dict(sampler=dict(num=64))),
    test_cfg=dict(
        rpn=dict(nms_pre=300, max_per_img=100), rcnn=dict(max_per_img=100)
    ),
)

data_root = 'data/digits/'
metainfo = dict(
    classes=tuple('0123456789'),
    palette=[
        (220, 20, 60),
        (0, 142, 0),
        (30, 90, 255),
        (250, 170, 30),
        (160, 60, 200),
        (0, 190, 200),
        (255, 110, 180),
        (150, 110, 30),
        (120, 220, 40),
        (110, 120, 200),
    ],
)
# No flips: a mirrored digit is another character.
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        metainfo=metainfo, data_root=data_root, pipeline=train_pipeline
    ),
)
val_dataloader = dict(dataset=dict(metainfo=metainfo, data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'val.json', max_dets=100)
test_evaluator = val_evaluator

tta_model = dict(tta_cfg=dict(max_per_img=100))

train_cfg = dict(max_epochs=8, val_interval=8)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 8
auto_scale_lr = dict(base_batch_size=4)
