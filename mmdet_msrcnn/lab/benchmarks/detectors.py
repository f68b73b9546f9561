"""Detectors to compare in time."""

from pathlib import Path

import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.config import Config
from torch import nn

from mmdet_msrcnn.lab.reproduction.head_changes import (
    use_mmdet_head,
    use_mmdet_mask_head,
)
from mmdet_msrcnn.models.detectors.build_detector import build_detector

MASK_RCNN, IN_TREE, OURS = 'Mask R-CNN', "mmdet's MS R-CNN", 'MS R-CNN'


def build(cfg: Config) -> BaseDetector:
    """Build a detector that finds as many objects as allowed.

    Its weights are random, except for a bias that makes one class likely.
    Box NMS then gets as many boxes as from a crowded image.
    """
    cfg.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = build_detector(cfg)
    model.init_weights()
    nn.init.constant_(model.roi_head.bbox_head.fc_cls.bias[:1], 5)
    return model.eval()


def detectors(
    ms_rcnn: Path, mask_rcnn: Path, device: str = 'cpu'
) -> dict[str, BaseDetector]:
    """Build Mask R-CNN, mmdet's MS R-CNN and ours with the same weights.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        device (str): Device of the detectors. Defaults to 'cpu'.

    Returns:
        dict[str, BaseDetector]: Detectors by name.
    """
    plain, in_tree = Config.fromfile(mask_rcnn), Config.fromfile(ms_rcnn)
    use_mmdet_mask_head(plain)
    use_mmdet_head(in_tree)
    ours = build(Config.fromfile(ms_rcnn))
    found = {MASK_RCNN: build(plain), IN_TREE: build(in_tree), OURS: ours}
    for model in found.values():
        model.load_state_dict(ours.state_dict(), strict=False)
        model.to(device)
    return found
