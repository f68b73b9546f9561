_base_ = './ms-rcnn_r18_fpn_freeze_camouflage.py'

model = dict(
    roi_head=dict(
        type='mmdet_msrcnn.DetectionScoringRoIHead',
        mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead'),
    )
)

train_dataloader = dict(batch_size=2)
auto_scale_lr = dict(base_batch_size=2)
