"""Small detectors of every kind that is exported."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from torch import nn

from tests.config_family import ABLATIONS
from tests.frameworks import cascade_config
from tests.helpers import (
    CHANNELS,
    MASK_RCNN,
    MS_RCNN,
    PLUS,
    ROOT,
    build_model,
    collate,
    scene,
    small_config,
)

PHOTOS = ROOT / 'configs/animals/ms-rcnn-plus_efflite0_fpn_8e_animals.py'
C4 = ROOT / 'configs/ms_rcnn/ms-rcnn_r101-c4_18e_coco.py'


def with_dcn(cfg: Config, kind: str = 'DCNv2') -> Config:
    """Use deformable convolutions, which need offsets that are not 0."""
    cfg.model.backbone.update(
        dcn=dict(type=kind, deform_groups=2, fallback_on_stride=False),
        stage_with_dcn=(False, False, True, True),
        depth=50,
        base_channels=4,
    )
    cfg.model.neck.in_channels = [16, 32, 64, 128]
    return cfg


def agnostic(cfg: Config) -> Config:
    """Predict masks, boxes and scores for all classes together."""
    roi_head = cfg.model.roi_head
    roi_head.mask_head.class_agnostic = True
    roi_head.mask_iou_head.class_agnostic = True
    for head in np.atleast_1d(roi_head.bbox_head):
        head.reg_class_agnostic = True
    return cfg


def with_nms(cfg: Config, **nms) -> Config:
    cfg.model.test_cfg.rcnn.nms = nms
    return cfg


def per_class_cascade() -> Config:
    """A cascade whose stages regress the boxes of each class."""
    cfg = cascade_config('cascade-mask-rcnn')
    for head in cfg.model.roi_head.bbox_head:
        head.reg_class_agnostic = False
    return cfg


def fusion(path: Path) -> Config:
    cfg = small_config(path)
    extractor = cfg.model.roi_head.get('mask_iou_roi_extractor')
    if extractor:
        extractor.out_channels = CHANNELS
    return cfg


def c4() -> Config:
    cfg = Config.fromfile(C4)
    model = cfg.model
    model.backbone.update(depth=18, frozen_stages=-1, init_cfg=None)
    model.rpn_head.update(in_channels=256, feat_channels=32)
    roi_head = model.roi_head
    roi_head.shared_head.update(depth=18, init_cfg=None)
    roi_head.bbox_roi_extractor.out_channels = 256
    roi_head.bbox_head.update(in_channels=512, num_classes=3)
    roi_head.mask_head.update(in_channels=512, num_classes=3)
    roi_head.mask_iou_head.update(in_channels=512, conv_out_channels=16)
    model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    model.test_cfg.rpn.update(nms_pre=100, max_per_img=20)
    return cfg


def ranked() -> Config:
    cfg = small_config(PLUS)
    cfg.model.test_cfg.rcnn.rank_by = 'mask_score'
    return cfg


def efficientnet() -> Config:
    """The detector of the photos, whose backbone pads by itself."""
    cfg = Config.fromfile(PHOTOS)
    cfg.model.backbone.init_cfg = None
    cfg.model.test_cfg.rcnn.update(score_thr=0.0, max_per_img=10)
    cfg.model.test_cfg.rpn.update(nms_pre=100, max_per_img=50)
    return cfg


KINDS: dict[str, Callable[[], Config]] = {
    'mask_rcnn': lambda: small_config(MASK_RCNN),
    'ms_rcnn': lambda: small_config(MS_RCNN),
    **{
        path.stem: lambda path=path: fusion(path)
        for path in ABLATIONS
        if 'fusion' in path.stem
    },
    'plus': lambda: with_nms(
        small_config(PLUS), type='soft_nms', iou_threshold=0.3, min_score=0.01
    ),
    'cascade_mask_rcnn': per_class_cascade,
    'cascade': cascade_config,
    'cascade_plus': lambda: cascade_config('cascade-ms-rcnn-plus'),
    'c4': c4,
    'dcn': lambda: with_dcn(small_config(MS_RCNN)),
    'dcn_v1': lambda: with_dcn(small_config(MS_RCNN), 'DCN'),
    'efficientnet': efficientnet,
    'ranked': ranked,
    'agnostic': lambda: agnostic(small_config(PLUS)),
}


@torch.no_grad()
def detector(cfg: Config) -> nn.Module:
    """Build a detector whose scores and boxes differ."""
    model = build_model(cfg).eval()
    for name, weight in model.named_parameters():
        if 'fc_cls.weight' in name or 'rpn_cls.weight' in name:
            weight *= 30
        elif 'reg.weight' in name:
            weight *= 5
        elif 'conv_offset.weight' in name:
            weight.normal_(0, 0.1)
    return model


def image(size: tuple[int, int] = (97, 130)) -> torch.Tensor:
    """An image of a size that is padded."""
    return scene(size=size)['inputs'][None].float()


@torch.no_grad()
def predict(model: nn.Module, pixels: torch.Tensor) -> InstanceData:
    """What mmdet predicts, in pixels of the image."""
    one = scene(size=tuple(pixels.shape[2:]))
    one['inputs'] = pixels[0].to(torch.uint8)
    batch = model.data_preprocessor(collate(one))
    samples = model.predict(
        batch['inputs'], batch['data_samples'], rescale=False
    )
    return samples[0].pred_instances
