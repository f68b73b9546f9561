_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::solov2/solov2_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/solov2/solov2_r50_fpn_1x_coco/solov2_r50_fpn_1x_coco_20220512_125858-a357fa23.pth'  # noqa: E501
