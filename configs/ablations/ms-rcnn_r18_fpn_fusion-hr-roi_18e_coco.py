_base_ = '../ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'

model = dict(
    roi_head=dict(
        mask_iou_roi_extractor=dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=28, sampling_ratio=0),
            out_channels=256,
            featmap_strides=[4, 8, 16, 32],
        ),
        mask_iou_head=dict(fusion='hr_roi', roi_feat_size=28),
    )
)
