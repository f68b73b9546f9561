# Adds mask scoring to a trained Mask R-CNN: loads its checkpoint, freezes it
# and trains only the MaskIoU head.
_base_ = './ms-rcnn_r50_fpn_18e_coco.py'

model = dict(
    type='mmdet_msrcnn.FrozenTwoStageDetector', backbone=dict(init_cfg=None)
)
load_from = 'work_dirs/mask-rcnn_r50_fpn_18e_coco/epoch_18.pth'

train_cfg = dict(max_epochs=6)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=6, milestones=[4, 5])
