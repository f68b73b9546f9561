# CondInst on the photos of animals.
_base_ = [
    '../animals/mask-rcnn_efflite0_fpn_8e_animals.py',
    '../_base_/condinst_efflite0_fpn.py',
]

model = dict(_delete_=True, **_base_.condinst)
model['bbox_head']['num_classes'] = 7

train_cfg = dict(max_epochs=24, val_interval=24)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 24
