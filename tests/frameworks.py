"""Configs of the frameworks that score masks, small enough for tests."""

from mmengine.config import Config

from tests.helpers import MS_RCNN, PLUS, ROOT, small_config

FOLDER = ROOT / 'configs/cascade_ms_rcnn'
CHANNELS = 16


def cascade_config(name: str = 'cascade-ms-rcnn') -> Config:
    """The config of the family with few channels and no threshold."""
    cfg = Config.fromfile(FOLDER / f'{name}_r50_fpn_1x_coco.py')
    model = cfg.model
    model.backbone.update(base_channels=8, depth=18, init_cfg=None)
    model.backbone.frozen_stages = -1
    model.neck.update(in_channels=[8, 16, 32, 64], out_channels=CHANNELS)
    model.rpn_head.update(in_channels=CHANNELS, feat_channels=CHANNELS)
    roi_head = model.roi_head
    roi_head.bbox_roi_extractor.out_channels = CHANNELS
    roi_head.mask_roi_extractor.out_channels = CHANNELS
    for head in roi_head.bbox_head:
        head.update(in_channels=CHANNELS, fc_out_channels=32, num_classes=3)
    roi_head.mask_head.update(
        in_channels=CHANNELS, conv_out_channels=CHANNELS, num_classes=3
    )
    if 'mask_iou_head' in roi_head:
        roi_head.mask_iou_head.update(
            in_channels=CHANNELS,
            conv_out_channels=CHANNELS,
            fc_out_channels=32,
        )
    model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    model.test_cfg.rpn.update(nms_pre=100, max_per_img=50)
    return cfg


FRAMEWORKS = {
    'ms_rcnn': lambda: small_config(MS_RCNN),
    'ms_rcnn_plus': lambda: small_config(PLUS),
    'cascade': cascade_config,
    'cascade_plus': lambda: cascade_config('cascade-ms-rcnn-plus'),
}
