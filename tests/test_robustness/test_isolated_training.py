"""An isolated scorer leaves the detector bit for bit that of Mask R-CNN."""

import functools
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmdet.models import FCNMaskHead
from mmdet.structures.mask import PolygonMasks
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from torch import nn
from torch.nn import functional

from mmdet_msrcnn.models import MaskIoUHead, MaskScoreHead
from mmdet_msrcnn.registry import MODELS
from tests.coco_data import polygon_of
from tests.frameworks import cascade_config
from tests.helpers import (
    MASK_RCNN,
    MS_RCNN,
    PLUS,
    build_model,
    collate,
    scene,
    small_config,
)
from tests.ranks import run_ranks

STEPS = 3
APART = dict(constructor='mmdet_msrcnn.ClipApartOptimWrapperConstructor')
ISOLATED = dict(roi_feat_grad=0, mask_grad=0)


class DroppingMaskHead(FCNMaskHead):
    """mmdet's mask head with batch norm and dropout."""

    def __init__(self, **kwargs) -> None:
        super().__init__(norm_cfg=dict(type='BN'), **kwargs)

    def forward(self, x):
        return super().forward(functional.dropout(x, 0.2, self.training))


class Dropping(nn.Module):
    """A scorer with dropout and batch norm."""

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        self.norm = nn.BatchNorm2d(self.in_channels)

    def forward(self, mask_feats, *args):
        x = functional.dropout(self.norm(mask_feats), 0.2, self.training)
        return super().forward(x, *args)


class DroppingMaskIoUHead(Dropping, MaskIoUHead):
    pass


class DroppingMaskScoreHead(Dropping, MaskScoreHead):
    pass


CLASSES = (DroppingMaskHead, DroppingMaskIoUHead, DroppingMaskScoreHead)


@pytest.fixture(autouse=True)
def registered():
    for cls in CLASSES:
        MODELS.register_module(module=cls, force=True)
    yield
    for cls in CLASSES:
        MODELS.module_dict.pop(cls.__name__)


def small(path, **roi_head) -> Config:
    cfg = small_config(path)
    cfg.model.roi_head.update(roi_head)
    return cfg


def cascade(name: str = 'cascade-ms-rcnn', **roi_head) -> Config:
    cfg = cascade_config(name)
    cfg.model.roi_head.update(roi_head)
    return cfg


def own_extractor() -> Config:
    cfg = small(MS_RCNN, **ISOLATED)
    # With parameters of its own
    extractor = dict(cfg.model.roi_head.mask_roi_extractor)
    extractor.update(
        type='GenericRoIExtractor',
        pre_cfg=dict(
            type='ConvModule',
            in_channels=16,
            out_channels=16,
            kernel_size=3,
            padding=1,
        ),
    )
    cfg.model.roi_head.mask_iou_roi_extractor = extractor
    return cfg


def mask_rcnn() -> Config:
    return small_config(MASK_RCNN)


def cascade_mask_rcnn() -> Config:
    return cascade_config('cascade-mask-rcnn')


# Each with the model that is to be trained the same.
TWINS = {
    'MS R-CNN': (lambda: small(MS_RCNN, **ISOLATED), mask_rcnn),
    'MS R-CNN+': (lambda: small(PLUS), mask_rcnn),
    'own extractor': (own_extractor, mask_rcnn),
    'Cascade MS R-CNN': (lambda: cascade(**ISOLATED), cascade_mask_rcnn),
    'Cascade MS R-CNN+': (
        lambda: cascade('cascade-ms-rcnn-plus'),
        cascade_mask_rcnn,
    ),
}


def use_heads(cfg: Config, mask_head: str, prefix: str) -> Config:
    """Take other classes of the heads."""
    roi_head = cfg.model.roi_head
    heads = roi_head.mask_head
    for head in heads if isinstance(heads, list) else [heads]:
        head.type = mask_head
    if prefix and 'mask_iou_head' in roi_head:
        name = roi_head.mask_iou_head.type.removeprefix('mmdet_msrcnn.')
        roi_head.mask_iou_head.type = f'mmdet_msrcnn.{prefix}{name}'
    return cfg


def polygons(masks: np.ndarray) -> PolygonMasks:
    found = [[np.array(p, float) for p in polygon_of(mask)] for mask in masks]
    return PolygonMasks(found, *masks.shape[1:])


def batch_of(step: int, kind: str) -> dict:
    first = 2 * step + 100 * get_rank()
    scenes = [scene(3, seed=first + i) for i in range(2)]
    if kind == 'polygons':
        for one in scenes:
            gt = one['data_samples'].gt_instances
            gt.masks = polygons(gt.masks.masks)
    return collate(*scenes)


def train(cfg: Config, kind: str, wrap=lambda model: model, **optim) -> tuple:
    """Train some steps; return the weights and the next random numbers."""
    random.seed(0), np.random.seed(0)
    inner = build_model(cfg).train()
    model = wrap(inner)
    optimizer = build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            optimizer=dict(type='AdamW', lr=1e-3),
            # Clips in each step
            clip_grad=dict(max_norm=0.5),
            **optim,
        ),
    )
    for step in range(STEPS):
        model.train_step(batch_of(step, kind), optimizer)
    draws = [torch.rand(3).tolist(), np.random.rand(), random.random()]
    return inner.state_dict(), draws


@functools.cache
def train_twin(twin, mask_head: str, kind: str) -> tuple:
    # mmdet's, all of it
    mask_head = mask_head.replace('mmdet_msrcnn.F', 'mmdet.F')
    return train(use_heads(twin(), mask_head, ''), kind)


def differing(found: dict, expected: dict) -> list[str]:
    """Names of the weights of the detector that differ."""
    assert {*found} - {*expected} == {n for n in found if 'mask_iou' in n}
    return [n for n in expected if not torch.equal(found[n], expected[n])]


MMDETS = 'mmdet.FCNMaskHead'
HEADS = [
    (MMDETS, '', 'bitmaps'),
    (MMDETS, '', 'polygons'),
    ('mmdet_msrcnn.FCNMaskHead', '', 'polygons'),
    ('mmdet_msrcnn.DroppingMaskHead', 'Dropping', 'bitmaps'),
]


CASES = [
    (name, *heads)
    for name in TWINS
    for heads in (HEADS if name.endswith(('R-CNN', 'R-CNN+')) else HEADS[-1:])
]


@pytest.mark.parametrize(('name', 'mask_head', 'prefix', 'kind'), CASES)
def test_the_detector_is_that_of_mask_rcnn(name, mask_head, prefix, kind):
    build, twin = TWINS[name]
    found, draws = train(use_heads(build(), mask_head, prefix), kind, **APART)
    expected, expected_draws = train_twin(twin, mask_head, kind)
    assert differing(found, expected) == []
    assert draws == expected_draws


@pytest.mark.parametrize(
    'change', [dict(roi_feat_grad=1), dict(mask_grad=0.1)]
)
def test_a_gradient_reaches_the_detector(change):
    cfg = use_heads(small(MS_RCNN, **(ISOLATED | change)), MMDETS, '')
    found, _ = train(cfg, 'bitmaps', **APART)
    expected, _ = train_twin(mask_rcnn, MMDETS, 'bitmaps')
    assert 'backbone.conv1.weight' in differing(found, expected)


@pytest.mark.parametrize('name', ['MS R-CNN', 'Cascade MS R-CNN+'])
def test_a_common_norm_changes_the_detector(name):
    build, twin = TWINS[name]
    found, _ = train(use_heads(build(), MMDETS, ''), 'bitmaps')
    expected, _ = train_twin(twin, MMDETS, 'bitmaps')
    assert 'backbone.conv1.weight' in differing(found, expected)


def wrap(model: nn.Module) -> nn.Module:
    return MMDistributedDataParallel(
        model, broadcast_buffers=False, find_unused_parameters=True
    )


def train_on_ranks(rank: int, folder: Path) -> None:
    for name in ('MS R-CNN', 'MS R-CNN+'):
        for which, cfg in zip(('own', 'twin'), TWINS[name], strict=True):
            optim = APART if which == 'own' else {}
            state, _ = train(
                use_heads(cfg(), MMDETS, ''),
                'bitmaps',
                wrap,
                **optim,
            )
            torch.save(state, folder / f'{name}-{which}-{rank}.pth')


def test_the_detector_is_that_of_mask_rcnn_in_two_processes(tmp_path):
    run_ranks(train_on_ranks, tmp_path, 2)
    for name in ('MS R-CNN', 'MS R-CNN+'):
        for rank in range(2):
            found, expected = (
                torch.load(tmp_path / f'{name}-{which}-{rank}.pth')
                for which in ('own', 'twin')
            )
            assert differing(found, expected) == []
    alone, _ = train_twin(mask_rcnn, MMDETS, 'bitmaps')
    assert differing(alone, expected)
