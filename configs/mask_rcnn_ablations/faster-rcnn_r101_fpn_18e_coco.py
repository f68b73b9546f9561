# Boxes alone, with RoIAlign: Mask R-CNN without its mask head.
_base_ = '../mask_rcnn/mask-rcnn_r101_fpn_18e_coco.py'

model = dict(
    type='FasterRCNN', roi_head=dict(mask_roi_extractor=None, mask_head=None)
)

train_pipeline = _base_.train_pipeline
train_pipeline[1].with_mask = False
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_evaluator = dict(metric='bbox')
test_evaluator = val_evaluator
