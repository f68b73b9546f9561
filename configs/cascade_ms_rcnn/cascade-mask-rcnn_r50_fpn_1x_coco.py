# mmdet's Cascade Mask R-CNN, with this package's mask head (a faster version
# of mmdet's), data set, metric and visualizer.
_base_ = 'mmdet::cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py'

custom_imports = dict(imports=['mmdet_msrcnn'], allow_failed_imports=False)

rcnn_train_cfg = _base_.model.train_cfg.rcnn
rcnn_train_cfg[-1].mask_thr_binary = 0.5
model = dict(
    roi_head=dict(mask_head=dict(type='mmdet_msrcnn.FCNMaskHead')),
    train_cfg=dict(rcnn=rcnn_train_cfg),
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
