# Masks from 3 hidden layers of 1024 units instead of convolutions.
_base_ = '../mask_rcnn/mask-rcnn_r50_fpn_18e_coco.py'

model = dict(
    roi_head=dict(
        mask_head=dict(
            _delete_=True,
            type='mmdet_msrcnn.MLPMaskHead',
            num_fcs=3,
            fc_out_channels=1024,
            mask_size=28,
            roi_feat_size=14,
            in_channels=256,
            num_classes=80,
            loss_mask=_base_.model.roi_head.mask_head.loss_mask,
        )
    )
)
