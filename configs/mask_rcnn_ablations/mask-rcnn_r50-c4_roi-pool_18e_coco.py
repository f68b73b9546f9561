# Boxes and bins in whole cells.
_base_ = './mask-rcnn_r50-c4_18e_coco.py'

model = dict(
    roi_head=dict(
        bbox_roi_extractor=dict(
            type='mmdet_msrcnn.SingleRoIExtractor',
            roi_layer=dict(_delete_=True, type='RoIPool', output_size=14),
        )
    )
)
