_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::yolact/yolact_r50_1xb8-55e_coco.py',
    # The pyramid starts at stride 8.
    roi_extractor=dict(featmap_strides=[8, 16, 32], finest_scale=112),
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/yolact/yolact_r50_1x8_coco/yolact_r50_1x8_coco_20200908-f38d58df.pth'  # noqa: E501

train_pipeline = _base_.train_dataloader.dataset.pipeline
test_pipeline = _base_.test_dataloader.dataset.pipeline
train_pipeline[2].update(scale=(550, 550), keep_ratio=False)
test_pipeline[1].update(scale=(550, 550), keep_ratio=False)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
