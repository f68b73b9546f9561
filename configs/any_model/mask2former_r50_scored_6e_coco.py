_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/mask2former/mask2former_r50_8xb2-lsj-50e_coco/mask2former_r50_8xb2-lsj-50e_coco_20220506_191028-41b088b6.pth'  # noqa: E501

train_pipeline = _base_.train_dataloader.dataset.pipeline
test_pipeline = _base_.test_dataloader.dataset.pipeline
train_pipeline[0].update(to_float32=True)
test_pipeline[0].update(to_float32=True)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
