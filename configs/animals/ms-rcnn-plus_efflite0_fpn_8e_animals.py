_base_ = './ms-rcnn_efflite0_fpn_8e_animals.py'

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.DetectionScoringRoIHead',
        mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead'),
    )
)
optim_wrapper = dict(
    constructor='mmdet_msrcnn.ClipApartOptimWrapperConstructor'
)
