"""Configs parse, build our types, and differ from their twins as they say."""

import re
from pathlib import Path

import pytest
from mmengine.config import Config

from mmdet_msrcnn.models import MaskScoringRoIHead
from tests.helpers import ROOT, build_model, collate, losses_of, scene

MS_RCNNS = sorted((ROOT / 'configs').glob('*/ms-rcnn_*.py'))
MASK_RCNNS = sorted((ROOT / 'configs').glob('*/mask-rcnn_*.py'))
CONFIGS = MS_RCNNS + MASK_RCNNS


def twin_of(path: Path) -> Path:
    folder = 'mask_rcnn' if path.parent.name == 'ms_rcnn' else path.parent.name
    name = path.name.replace('ms-rcnn', 'mask-rcnn')
    return ROOT / 'configs' / folder / name


def flatten(value, prefix='') -> dict:
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        return {prefix: value}
    flat = {}
    for key, child in items:
        flat |= flatten(child, f'{prefix}.{key}' if prefix else str(key))
    return flat


def name_of(path: Path) -> str:
    return path.stem


def test_there_are_configs_with_unique_names():
    assert len(MS_RCNNS) >= 4
    assert sorted(map(twin_of, MS_RCNNS)) == MASK_RCNNS
    names = [path.name for path in (ROOT / 'configs').glob('*/*.py')]
    assert len(set(names)) == len(names)


def test_config_of_the_page_on_own_data():
    page = (ROOT / 'docs/own_data.md').read_text()
    text = re.search(r'```python\n(_base_.+?)```', page, re.DOTALL).group(1)
    base = re.search(r"_base_ = '\.\./(.+)'", text).group(1)
    text = text.replace(f'../{base}', str(ROOT / 'configs' / base))
    cfg = Config.fromstring(text, '.py')
    cfg.model.backbone.init_cfg = None
    head = build_model(cfg).roi_head
    assert head.mask_iou_head.num_classes == 2
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        assert loader.dataset.data_root == 'data/fruit/'
        assert len(loader.dataset.metainfo.classes) == 2
    assert cfg.val_evaluator.ann_file == 'data/fruit/val.json'


def test_weights_of_mmdets_own_head_load_strictly():
    models = []
    for name in ('mmdet-ms-rcnn', 'ms-rcnn'):
        path = ROOT / f'configs/nuclei/{name}_r18_fpn_16e_nuclei.py'
        models.append(build_model(Config.fromfile(path)))
    theirs, ours = models
    assert type(theirs.roi_head).__module__.startswith('mmdet.')
    ours.load_state_dict(theirs.state_dict(), strict=True)


@pytest.mark.parametrize('path', MS_RCNNS, ids=name_of)
def test_builds_our_types_and_trains(path):
    cfg = Config.fromfile(path)
    cfg.model.backbone.init_cfg = None
    roi_head = cfg.model.roi_head
    classes = roi_head.bbox_head.num_classes
    assert roi_head.mask_head.num_classes == classes
    cfg.model.train_cfg.rpn_proposal.max_per_img = 50
    cfg.model.train_cfg.rcnn.sampler.num = 32
    model = build_model(cfg).train()
    assert type(model.roi_head) is MaskScoringRoIHead
    assert type(model.roi_head.mask_iou_head).__module__.startswith(
        'mmdet_msrcnn.'
    )
    batch = collate(scene(num_classes=classes, seed=1))
    loss, log = model.parse_losses(losses_of(model, batch))
    loss.backward()
    assert all(value.isfinite() for value in log.values())
    assert not [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and p.grad is None
    ]


@pytest.mark.parametrize('path', MS_RCNNS, ids=name_of)
def test_differs_from_its_twin_in_the_mask_iou_head_alone(path):
    ours, twin = (
        flatten(Config.fromfile(p).to_dict()) for p in (path, twin_of(path))
    )
    differing = {key for key in ours | twin if ours.get(key) != twin.get(key)}
    allowed = ('mask_iou_head', 'model.roi_head.mask_iou_head')
    unexpected = {
        key
        for key in differing
        if not key.startswith(allowed) and key != 'model.roi_head.type'
    }
    assert not unexpected
    assert differing


@pytest.mark.parametrize('path', CONFIGS, ids=name_of)
def test_loss_weights_thresholds_and_soft_nms_are_written_out(path):
    cfg = Config.fromfile(path)
    rcnn = cfg.model.test_cfg.rcnn
    assert rcnn.nms.type == 'soft_nms'
    assert rcnn.mask_thr_binary == cfg.model.train_cfg.rcnn.mask_thr_binary
    roi_head = cfg.model.roi_head
    losses = [roi_head.mask_head.loss_mask, roi_head.bbox_head.loss_cls]
    if 'mask_iou_head' in roi_head:
        losses.append(roi_head.mask_iou_head.loss_iou)
    assert all(loss.loss_weight == 1 for loss in losses)
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        assert evaluator.type == 'mmdet_msrcnn.MaskScoringMetric'
    assert cfg.custom_imports.imports == ['mmdet_msrcnn']
