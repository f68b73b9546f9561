_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::rtmdet/rtmdet-ins_tiny_8xb32-300e_coco.py',
    # The pyramid starts at stride 8.
    roi_extractor=dict(
        out_channels=96, featmap_strides=[8, 16, 32], finest_scale=112
    ),
    mask_iou_head=dict(in_channels=96, conv_out_channels=96),
)
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/rtmdet/rtmdet-ins_tiny_8xb32-300e_coco/rtmdet-ins_tiny_8xb32-300e_coco_20221130_151727-ec670f7e.pth'  # noqa: E501

pad = dict(type='Pad', size=(640, 640), pad_val=dict(img=(114, 114, 114)))
train_pipeline = _base_.train_dataloader.dataset.pipeline
test_pipeline = _base_.test_dataloader.dataset.pipeline
train_pipeline[2].update(scale=(640, 640))
train_pipeline.insert(4, pad)
test_pipeline[1].update(scale=(640, 640))
test_pipeline.insert(2, pad)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
