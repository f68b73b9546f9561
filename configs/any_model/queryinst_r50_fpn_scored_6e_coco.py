_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::queryinst/queryinst_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/queryinst/queryinst_r50_fpn_1x_coco/queryinst_r50_fpn_1x_coco_20210907_084916-5a8f1998.pth'  # noqa: E501
