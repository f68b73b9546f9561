# Root of the family: mmdet's Mask R-CNN R-50 FPN on COCO. Values that decide
# results are written out. Mask head (a faster version of mmdet's), data set,
# metric and visualizer are those of this package.
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
        mask_head=dict(
            type='mmdet_msrcnn.FCNMaskHead',
            num_classes=80,
            loss_mask=dict(loss_weight=1.0),
        ),
    ),
    train_cfg=dict(rcnn=dict(mask_thr_binary=0.5)),
    test_cfg=dict(
        rcnn=dict(
            score_thr=0.05,
            nms=dict(type='nms', iou_threshold=0.5),
            max_per_img=100,
            mask_thr_binary=0.5,
        )
    ),
)
train_dataloader = dict(dataset=dict(type='mmdet_msrcnn.CocoDataset'))
val_dataloader = dict(dataset=dict(type='mmdet_msrcnn.CocoDataset'))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(type='mmdet_msrcnn.SafeCheckpointHook'))
custom_hooks = [
    dict(type='NumClassCheckHook'),
    dict(type='mmdet_msrcnn.AnnotationCheckHook'),
    dict(type='mmdet_msrcnn.CheckpointFitHook'),
    dict(type='mmdet_msrcnn.FiniteLossHook'),
    dict(type='mmdet_msrcnn.RLEMasksHook'),
]
val_evaluator = dict(type='mmdet_msrcnn.MaskScoringMetric')
test_evaluator = val_evaluator
visualizer = dict(type='mmdet_msrcnn.MaskScoringVisualizer')
# tools/test.py --tta also tests flipped images
tta_model = dict(
    type='mmdet_msrcnn.MaskScoringTTAModel',
    tta_cfg=dict(nms=dict(type='nms', iou_threshold=0.5), max_per_img=100),
)
