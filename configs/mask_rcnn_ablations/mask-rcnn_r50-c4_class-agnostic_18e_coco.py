# One mask for all classes.
_base_ = './mask-rcnn_r50-c4_18e_coco.py'

model = dict(roi_head=dict(mask_head=dict(class_agnostic=True)))
