# Trains only the MaskIoU head on top of a trained, frozen Mask R-CNN.
_base_ = './ms-rcnn_r18_fpn_camouflage.py'

model = dict(type='mmdet_msrcnn.FrozenTwoStageDetector')
load_from = 'work_dirs/mask-rcnn_r18_fpn_camouflage/epoch_16.pth'

train_cfg = dict(max_epochs=6, val_interval=6)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 6
