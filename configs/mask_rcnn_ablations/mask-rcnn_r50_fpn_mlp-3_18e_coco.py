# Masks from 3 hidden layers of 1024 units instead of convolutions.
_base_ = './mask-rcnn_r50_fpn_mlp-2_18e_coco.py'

model = dict(roi_head=dict(mask_head=dict(num_fcs=3)))
