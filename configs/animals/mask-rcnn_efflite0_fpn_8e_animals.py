# 700 photos of seven kinds of animals, big and overlapping.
_base_ = '../_base_/mask-rcnn_efflite0_fpn.py'

model = dict(
    roi_head=dict(bbox_head=dict(num_classes=7), mask_head=dict(num_classes=7))
)

data_root = 'data/animals/'
metainfo = dict(
    classes=(
        'bear',
        'deer',
        'elephant',
        'otter',
        'rhesus monkey',
        'tiger',
        'turtle',
    ),
    palette=[
        (220, 20, 60),
        (0, 142, 0),
        (30, 90, 255),
        (250, 170, 30),
        (160, 60, 200),
        (0, 190, 200),
        (255, 110, 180),
    ],
)
train_dataloader = dict(dataset=dict(metainfo=metainfo, data_root=data_root))
val_dataloader = dict(dataset=dict(metainfo=metainfo, data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = val_evaluator

train_cfg = dict(max_epochs=8, val_interval=8)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 8
