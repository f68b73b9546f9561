# The C4 model of most ablations, with RoIAlign (average) and sigmoid masks.
_base_ = '../mask_rcnn/mask-rcnn_r101-c4_18e_coco.py'

model = dict(
    backbone=dict(
        depth=50, init_cfg=dict(checkpoint='torchvision://resnet50')
    ),
    roi_head=dict(
        shared_head=dict(
            depth=50, init_cfg=dict(checkpoint='torchvision://resnet50')
        )
    ),
)
