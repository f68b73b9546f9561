_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::condinst/condinst_r50_fpn_ms-poly-90k_coco_instance.py',
    # The pyramid starts at stride 8.
    roi_extractor=dict(featmap_strides=[8, 16, 32], finest_scale=112),
)
load_from = 'https://download.openmmlab.com/mmdetection/v3.0/condinst/condinst_r50_fpn_ms-poly-90k_coco_instance/condinst_r50_fpn_ms-poly-90k_coco_instance_20221129_125223-4c186406.pth'  # noqa: E501

train_pipeline = _base_.train_dataloader.dataset.pipeline
test_pipeline = _base_.test_dataloader.dataset.pipeline
train_pipeline[0].update(imdecode_backend='pillow')
train_pipeline[2].update(backend='pillow')
test_pipeline[0].update(imdecode_backend='pillow')
test_pipeline[1].update(backend='pillow')
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
val_dataloader = dict(dataset=dict(pipeline=test_pipeline))
test_dataloader = val_dataloader
