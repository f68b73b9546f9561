_base_ = './ms-rcnn_r18_fpn_freeze_6e_nuclei.py'

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.DetectionScoringRoIHead',
        mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead'),
    )
)

# Whole images as in testing, because a crop has other detections. An image can
# have hundreds of detections, so a batch has two images.
train_pipeline = [
    step for step in _base_.train_pipeline if step['type'] != 'RandomCrop'
]
train_dataloader = dict(batch_size=2, dataset=dict(pipeline=train_pipeline))
auto_scale_lr = dict(base_batch_size=2)
