# Root of the COCO configs: Mask R-CNN by the recipe of the MS R-CNN paper,
# section 4.1; what the paper leaves open is mmdet's default.
_base_ = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'

custom_imports = dict(imports=['mmdet_msrcnn'], allow_failed_imports=False)

model = dict(
    rpn_head=dict(
        loss_cls=dict(loss_weight=1.0), loss_bbox=dict(loss_weight=1.0)
    ),
    roi_head=dict(
        bbox_head=dict(
            num_classes=80,
            loss_cls=dict(loss_weight=1.0),
            loss_bbox=dict(loss_weight=1.0),
        ),
        mask_head=dict(num_classes=80, loss_mask=dict(loss_weight=1.0)),
    ),
    train_cfg=dict(rcnn=dict(mask_thr_binary=0.5)),
    test_cfg=dict(
        rcnn=dict(
            score_thr=0.05,
            nms=dict(
                _delete_=True,
                type='soft_nms',
                iou_threshold=0.5,
                sigma=0.5,
                min_score=0.05,
                method='linear',
            ),
            max_per_img=100,
            mask_thr_binary=0.5,
        )
    ),
)

# Polygons keep their precision when they are resized; bitmaps do not.
train_pipeline = [
    dict(type='LoadImageFromFile', backend_args=None),
    dict(
        type='LoadAnnotations', with_bbox=True, with_mask=True, poly2mask=False
    ),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_evaluator = dict(type='mmdet_msrcnn.MaskScoringMetric')
test_evaluator = val_evaluator
visualizer = dict(type='mmdet_msrcnn.MaskScoringVisualizer')

train_cfg = dict(max_epochs=18)
param_scheduler = [
    dict(
        type='LinearLR', start_factor=0.001, by_epoch=False, begin=0, end=500
    ),
    dict(
        type='MultiStepLR',
        begin=0,
        end=18,
        by_epoch=True,
        milestones=[14, 17],
        gamma=0.1,
    ),
]
