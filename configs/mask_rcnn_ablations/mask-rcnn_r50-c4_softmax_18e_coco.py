# Masks compete over the classes and the background.
_base_ = './mask-rcnn_r50-c4_18e_coco.py'

model = dict(
    roi_head=dict(
        mask_head=dict(
            type='mmdet_msrcnn.MultinomialMaskHead',
            loss_mask=dict(
                _delete_=True,
                type='mmdet_msrcnn.MultinomialMaskLoss',
                loss_weight=1.0,
            ),
        )
    )
)
