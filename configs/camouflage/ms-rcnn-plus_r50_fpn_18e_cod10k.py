_base_ = './ms-rcnn_r50_fpn_18e_cod10k.py'

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.DetectionScoringRoIHead',
        mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead'),
    )
)
optim_wrapper = dict(
    constructor='mmdet_msrcnn.ClipApartOptimWrapperConstructor'
)
