"""Small configs and checkpoints of mmdet's kind."""

import numpy as np
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub

from tests.helpers import MS_RCNN, ROOT, small_config

R50 = ROOT / 'configs/ms_rcnn/ms-rcnn_r50-caffe_fpn_1x_coco.py'
CLASSES = ('one', 'two', 'three')
PALETTE = [(1, 2, 3), (4, 5, 6), (7, 8, 9)]


def small_r50_config() -> Config:
    """As narrow as the checkpoint of ``authors_model``."""
    cfg = small_config(R50)
    cfg.model.neck.in_channels = [32, 64, 128, 256]
    return cfg


def in_tree_config() -> Config:
    """mmdet's own Mask Scoring R-CNN, as small as ``small_config``."""
    cfg = small_config(MS_RCNN)
    cfg.model.type = 'MaskScoringRCNN'
    roi_head = cfg.model.roi_head
    roi_head.type = 'MaskScoringRoIHead'
    roi_head.mask_iou_head.type = 'MaskIoUHead'
    roi_head.mask_iou_head.num_classes = 3
    del roi_head.mask_iou_head['loss_iou']
    return cfg


def mmdet_2_checkpoint(state_dict: dict) -> dict:
    """What mmdet 2.x saves, parallel training included."""
    return dict(
        meta=dict(
            mmdet_version='2.28.0',
            config='model = dict()',
            CLASSES=CLASSES,
            PALETTE=PALETTE,
            epoch=12,
            hook_msgs={},
        ),
        state_dict={f'module.{k}': v for k, v in state_dict.items()},
        optimizer=dict(state={}, param_groups=[]),
    )


def mmdet_3_checkpoint(state_dict: dict) -> dict:
    """What mmdet 3.x saves, with numpy and classes of mmengine inside."""
    hub = MessageHub('test_checkpoints')
    hub.update_scalar('train/loss', np.float64(1.5))
    return dict(
        meta=dict(
            mmengine_version='0.10.7',
            cfg='model = dict()',
            dataset_meta=dict(classes=CLASSES, palette=PALETTE),
        ),
        state_dict=state_dict,
        message_hub=hub.state_dict(),
        optimizer=dict(state={0: torch.ones(1)}, param_groups=[]),
    )
