_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::scnet/scnet_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/scnet/scnet_r50_fpn_1x_coco/scnet_r50_fpn_1x_coco-c3f09857.pth'  # noqa: E501
