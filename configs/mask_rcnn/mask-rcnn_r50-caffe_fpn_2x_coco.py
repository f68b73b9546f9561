_base_ = './mask-rcnn_r50-caffe_fpn_1x_coco.py'

train_cfg = dict(max_epochs=24)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=24, milestones=[16, 22])
