# The score of a detection also depends on its neighbours.
_base_ = './ms-rcnn-plus_r18_fpn_freeze_6e_nuclei.py'

model = dict(
    roi_head=dict(mask_iou_head=dict(type='mmdet_msrcnn.MaskRelationHead'))
)
