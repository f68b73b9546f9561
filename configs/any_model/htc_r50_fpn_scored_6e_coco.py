_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::htc/htc_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/htc/htc_r50_fpn_1x_coco/htc_r50_fpn_1x_coco_20200317-7332cf16.pth'  # noqa: E501
