# Starts from a Mask R-CNN that was trained on COCO. Tensors of another shape,
# those of the classes, are initialized; the paper copies seven of the eight.
_base_ = '../mask_rcnn/mask-rcnn_r50_fpn_18e_cityscapes.py'

load_from = 'work_dirs/mask-rcnn_r50_fpn_18e_coco/epoch_18.pth'

# 11 epochs of 2,975 images are 4,092 steps of 8 images. The paper uses 4,000
# steps, and a tenth of the learning rate from step 3,000 on.
train_dataloader = dict(dataset=dict(times=1))
train_cfg = dict(max_epochs=11)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=11, milestones=[8])
