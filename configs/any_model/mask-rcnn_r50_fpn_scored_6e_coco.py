_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/mask_rcnn/mask_rcnn_r50_fpn_1x_coco/mask_rcnn_r50_fpn_1x_coco_20200205-d4b0c5d6.pth'  # noqa: E501
