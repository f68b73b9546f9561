"""Every config builds, trains and detects, as its twin does.

One fast walk with small images and few RoIs, one slow walk without caps.
"""

import functools
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmdet_msrcnn.lab.reproduction.mask_rcnn_changes import MASK_RCNN_CHANGES
from mmdet_msrcnn.lab.reproduction.protocols import load_config
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.models.roi_heads.checks import as_list
from tests.config_family import CONFIGS, PEERS, name_of, twin_of
from tests.helpers import build_model, collate, losses_of, scene

MS_FIELDS = {'mask_scores', 'mask_ious'}
FIELDS = {'scores', 'bboxes', 'labels', 'masks'}


def detector_config(path: Path) -> Config:
    """Config without pretrained weights, whose every proposal is detected."""
    cfg = load_config(path)
    model = cfg.model
    model.backbone.init_cfg = None
    if 'shared_head' in model.roi_head:
        model.roi_head.shared_head.init_cfg = None
    model.test_cfg.rcnn.score_thr = 0.0
    if model.test_cfg.rcnn.nms.type == 'soft_nms':
        model.test_cfg.rcnn.nms.min_score = 0.0
    return cfg


def cap(cfg: Config) -> Config:
    """Few proposals, sampled RoIs and detections."""
    model = cfg.model
    model.train_cfg.rpn_proposal.max_per_img = 50
    model.test_cfg.rpn.max_per_img = 50
    model.test_cfg.rcnn.max_per_img = 6
    rcnn = model.train_cfg.rcnn
    for stage in rcnn if isinstance(rcnn, list) else [rcnn]:
        stage.sampler.num = 12
    return cfg


def num_classes_of(roi_head: nn.Module) -> int:
    names = {'bbox_head', 'mask_head', 'mask_iou_head'}
    (num_classes,) = {
        head.num_classes
        for name in names & dict(roi_head.named_children()).keys()
        for head in as_list(getattr(roi_head, name))
    }
    return num_classes


def predict_full_masks(roi_head: nn.Module) -> None:
    """Untrained masks are empty or noise; full ones overlap the truth."""
    for head in as_list(roi_head.mask_head):
        logits = getattr(head, 'conv_logits', None) or head.fc_logits
        nn.init.constant_(logits.bias, 4.0)


def train_one_step(model: nn.Module, batch: dict, tau: float) -> None:
    scoring = hasattr(model.roi_head, 'mask_iou_head')
    losses = losses_of(model.train(), batch)
    loss, log = model.parse_losses(losses)
    loss.backward()
    assert all(value.isfinite() for value in log.values())
    (iou_losses,) = [[k for k in log if k.endswith('loss_mask_iou')]]
    assert len(iou_losses) == scoring
    if scoring and tau == 0:
        assert log[iou_losses[0]] > 0
    for name, p in model.named_parameters():
        if p.requires_grad:
            assert p.grad is not None, name
            assert p.grad.isfinite().all(), name
        else:
            assert p.grad is None, name


def detect(model: nn.Module, batch: dict) -> list:
    return [r.pred_instances for r in model.eval().test_step(batch)]


def walk(path: Path, cfg: Config, size: tuple[int, int]) -> None:
    head = cfg.model.roi_head.get('mask_iou_head', {})
    scores_masks = bool(head) and path not in PEERS
    model = build_model(cfg)
    num_classes = num_classes_of(model.roi_head)
    predict_full_masks(model.roi_head)
    # A frozen detector insists on loaded weights.
    model.load_state_dict(model.state_dict())
    batch = collate(scene(4, size, num_classes, seed=1))
    train_one_step(model, batch, head.get('loss_iou', {}).get('tau', 0))

    found = detect(model, batch)
    for pred in found:
        fields = FIELDS | (MS_FIELDS if scores_masks else set())
        assert set(pred.keys()) == fields
        assert len(pred) > 0
        assert pred.masks.shape == (len(pred), *size)
        for name in MS_FIELDS & set(pred.keys()):
            assert ((pred[name] >= 0) & (pred[name] <= 1)).all()
    if not scores_masks:
        return

    own = model.roi_head.mask_iou_head
    assert type(model.roi_head).__module__.startswith('mmdet_msrcnn.')
    assert type(own).__module__.startswith('mmdet_msrcnn.')
    assert type(own.loss_iou).__module__.startswith('mmdet_msrcnn.')
    twin_cfg = detector_config(twin_of(path))
    twin_cfg.model.test_cfg = cfg.model.test_cfg
    # Its weights are loaded, so they are not initialized.
    twin = build_detector(twin_cfg)
    missing, unexpected = twin.load_state_dict(model.state_dict(), False)
    assert not missing
    assert all('.mask_iou_head.' in key for key in unexpected)
    for pred, other in zip(found, detect(twin, batch), strict=True):
        for name in FIELDS:
            assert torch.equal(pred[name], other[name]), name


@functools.cache
def walk_once(path: Path) -> None:
    walk(path, cap(detector_config(path)), (96, 128))


FIRST_WITH_MODEL = {}


def marks_of(path: Path) -> list:
    """Changes of Mask R-CNN also have fast tests, on small models."""
    name = path.stem.removesuffix('_18e_coco')
    is_change = name.endswith(tuple(MASK_RCNN_CHANGES))
    return [pytest.mark.slow] if is_change else []


@pytest.mark.parametrize(
    'path',
    [pytest.param(p, id=name_of(p), marks=marks_of(p)) for p in CONFIGS],
)
def test_builds_trains_and_detects(path):
    # Configs that differ in the schedule have the same model.
    model = str(load_config(path).model)
    walk_once(FIRST_WITH_MODEL.setdefault(model, path))


@pytest.mark.slow
@pytest.mark.parametrize('path', CONFIGS, ids=name_of)
def test_builds_trains_and_detects_without_caps(path):
    walk(path, detector_config(path), (800, 1344))
