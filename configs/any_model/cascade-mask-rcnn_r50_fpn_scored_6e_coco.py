_base_ = '../_base_/mask_scored_coco.py'

model = dict(
    detector='mmdet::cascade_rcnn/cascade-mask-rcnn_r50_fpn_1x_coco.py',
)
load_from = 'https://download.openmmlab.com/mmdetection/v2.0/cascade_rcnn/cascade_mask_rcnn_r50_fpn_1x_coco/cascade_mask_rcnn_r50_fpn_1x_coco_20200203-9d4dcb24.pth'  # noqa: E501
