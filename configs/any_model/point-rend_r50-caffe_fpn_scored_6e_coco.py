_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/point_rend/point_rend_r50_caffe_fpn_mstrain_1x_coco/point_rend_r50_caffe_fpn_mstrain_1x_coco-1bcb5fb4.pth'  # noqa: E501
