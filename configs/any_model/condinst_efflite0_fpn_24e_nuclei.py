# CondInst for nuclei, with a pyramid from stride 4, for they are small.
_base_ = [
    '../nuclei/mask-rcnn_r18_fpn_16e_nuclei.py',
    '../_base_/condinst_efflite0_fpn.py',
]

model = dict(_delete_=True, **_base_.condinst)
model['backbone'].update(frozen_stages=0, norm_eval=False)
model['neck']['start_level'] = 0
model['bbox_head'].update(
    num_classes=1,
    strides=[4, 8, 16, 32, 64],
    regress_ranges=((-1, 32), (32, 64), (64, 128), (128, 256), (256, 1e8)),
)
model['mask_head']['size_of_interest'] = 4
model['mask_head']['mask_feature_head']['mask_stride'] = 4
model['test_cfg']['max_per_img'] = 300

train_cfg = dict(max_epochs=24, val_interval=24)
param_scheduler = _base_.param_scheduler
param_scheduler[1].end = 24
