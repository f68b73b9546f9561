# Trains only the MaskIoU head on top of a trained, frozen Mask R-CNN.
_base_ = './ms-rcnn_efflite0_fpn_8e_animals.py'

model = dict(
    type='mmdet_msrcnn.FrozenTwoStageDetector', backbone=dict(init_cfg=None)
)
load_from = 'work_dirs/mask-rcnn_efflite0_fpn_8e_animals/epoch_8.pth'

# Images of one scale, so that the outputs of the detector can be stored:
# train_cfg.type='mmdet_msrcnn.CachedTrainLoop'.
train_pipeline = _base_.train_pipeline
train_pipeline[2] = dict(
    type='Resize', scale=_base_.image_scale, keep_ratio=True
)
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))

train_cfg = dict(max_epochs=6, val_interval=6)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 6
