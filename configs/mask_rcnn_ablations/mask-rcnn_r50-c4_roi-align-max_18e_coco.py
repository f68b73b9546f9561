# Nothing in whole cells, the maximum of each bin.
_base_ = './mask-rcnn_r50-c4_18e_coco.py'

model = dict(
    roi_head=dict(
        bbox_roi_extractor=dict(
            type='mmdet_msrcnn.SingleRoIExtractor',
            roi_layer=dict(
                _delete_=True,
                type='RoIAlign',
                output_size=14,
                sampling_ratio=0,
                pool_mode='max',
            ),
        )
    )
)
