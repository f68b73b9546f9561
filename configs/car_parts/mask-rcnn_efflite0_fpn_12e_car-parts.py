# 400 photos of cars with 18 parts, small and dense. The training photos are
# squeezed to squares, so the images to test are squeezed too.
_base_ = '../_base_/mask-rcnn_efflite0_fpn.py'

model = dict(
    rpn_head=dict(anchor_generator=dict(scales=[4])),
    roi_head=dict(
        bbox_head=dict(num_classes=18), mask_head=dict(num_classes=18)
    ),
    train_cfg=dict(rcnn=dict(sampler=dict(num=128))),
)

data_root = 'data/car-parts/'
metainfo = dict(
    classes=(
        'back_bumper',
        'back_glass',
        'back_left_door',
        'back_left_light',
        'back_right_door',
        'back_right_light',
        'front_bumper',
        'front_glass',
        'front_left_door',
        'front_left_light',
        'front_right_door',
        'front_right_light',
        'hood',
        'left_mirror',
        'right_mirror',
        'tailgate',
        'trunk',
        'wheel',
    ),
)
image_scale = (400, 400)
# No flip: left and right are classes.
train_pipeline = [
    step for step in _base_.train_pipeline if step['type'] != 'RandomFlip'
]
train_pipeline[2].scale = image_scale
test_pipeline = _base_.test_pipeline
test_pipeline[1].update(scale=image_scale, keep_ratio=False)
train_dataloader = dict(
    dataset=dict(
        metainfo=metainfo, data_root=data_root, pipeline=train_pipeline
    )
)
val_dataloader = dict(
    dataset=dict(
        metainfo=metainfo, data_root=data_root, pipeline=test_pipeline
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = val_evaluator
