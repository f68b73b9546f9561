_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/ms_rcnn/ms_rcnn_r50_caffe_fpn_1x_coco/ms_rcnn_r50_caffe_fpn_1x_coco_20200702_180848-61c9355e.pth'  # noqa: E501
