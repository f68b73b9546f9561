# Boxes in whole cells, bins sampled bilinearly, the average of each bin.
_base_ = './mask-rcnn_r50-c4_roi-warp-max_18e_coco.py'

model = dict(
    roi_head=dict(bbox_roi_extractor=dict(roi_layer=dict(pool_mode='avg')))
)
