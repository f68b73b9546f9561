"""Configs differ from their twins, and from each other, as they say."""

import re
import runpy

import pytest
from mmengine.config import Config

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool
from mmdet_msrcnn.lab.reproduction.protocols import load_config
from tests.config_family import (
    ABLATIONS,
    CONFIGS,
    FOLDER,
    MASK_RCNNS,
    MS_RCNNS,
    flatten,
    name_of,
    twin_of,
)

RECIPES = [path for path in CONFIGS if '_18e_' in path.name]
HEAD = ('mask_iou_head', 'model.roi_head.mask_iou_')
FREEZE = (
    'model.type',
    'model.backbone.init_cfg',
    'load_from',
    'train_cfg.max_epochs',
    'train_cfg.val_interval',
    'param_scheduler.1.',
)
# At small scale, the detections of a few whole images make a batch.
SMALL = ('camouflage', 'demo', 'nuclei')
SMALL_PLUS = ('train_dataloader.', 'train_pipeline.', 'auto_scale_lr.')
# On photos, heads train on images of one scale, so that a cache can hold them.
ONE_SCALE = ('train_dataloader.dataset.pipeline.2.', 'train_pipeline.2.')


def difference(*paths) -> set[str]:
    """Keys whose values differ between two configs."""
    one, other = (flatten(load_config(p).to_dict()) for p in paths)
    return {key for key in one | other if one.get(key) != other.get(key)}


def test_rows_of_the_papers_tables_have_configs():
    names = {path.name for path in CONFIGS}
    fpn = ('r18', 'r50', 'r101', 'r101-dconv-c3-c5')
    rows = [f'{backbone}_fpn_18e_coco' for backbone in fpn]
    rows += ['r18_fpn-c4c5_18e_coco', 'r101-c4_18e_coco']
    rows += ['r50_fpn_18e_cityscapes']
    for row in rows:
        assert {f'ms-rcnn_{row}.py', f'mask-rcnn_{row}.py'} <= names
    fusions = ['multiply', 'all-masks', 'hr-roi', 'mask-only']
    ablations = [f'fusion-{fusion}' for fusion in fusions]
    ablations += ['tau-0.3', 'tau-0.5', 'tau-0.7']
    ablations += ['target-all', 'target-present']
    assert {
        f'ms-rcnn_r18_fpn_{ablation}_18e_coco.py' for ablation in ablations
    } <= {path.name for path in ABLATIONS}


def test_every_mask_rcnn_is_a_twin_and_names_are_unique():
    assert set(map(twin_of, MS_RCNNS)) == set(MASK_RCNNS)
    names = [path.name for path in FOLDER.glob('*/*.py')]
    assert len(set(names)) == len(names)


# Of MS R-CNN+ trained together with its detector.
JOINT = {'optim_wrapper.constructor'}


@pytest.mark.parametrize('path', MS_RCNNS, ids=name_of)
def test_differs_from_its_twin_in_the_mask_iou_head_alone(path):
    allowed = (*HEAD, *FREEZE) if 'freeze' in path.name else HEAD
    joint_plus = 'plus' in path.name and 'freeze' not in path.name
    if 'plus' in path.name and path.parent.name in SMALL:
        allowed += SMALL_PLUS
    if 'freeze' in path.name and path.parent.name in ('animals', 'car_parts'):
        allowed += ONE_SCALE
    differing = difference(path, twin_of(path))
    unexpected = {key for key in differing if not key.startswith(allowed)}
    assert unexpected - JOINT == {'model.roi_head.type'}
    assert (unexpected >= JOINT) == joint_plus
    assert joint_plus or unexpected.isdisjoint(JOINT)
    assert any(key.startswith(HEAD[1]) for key in differing)


@pytest.mark.parametrize('path', ABLATIONS, ids=name_of)
def test_ablation_differs_in_what_its_name_says(path):
    base = FOLDER / 'ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'
    head = load_config(path).model.roi_head.mask_iou_head
    what, value = re.search(r'fpn_(\w+)-(.+)_18e', path.name).groups()
    keys = dict(fusion='fusion', tau='loss_iou.tau', target='target_classes')
    expected = {f'model.roi_head.mask_iou_head.{keys[what]}'}
    assert str(flatten(head)[keys[what]]) == value.replace('-', '_')
    differing = difference(path, base)
    if value == 'hr-roi':
        # the RoI feature is the ablation
        expected.add('model.roi_head.mask_iou_head.roi_feat_size')
        own = 'model.roi_head.mask_iou_roi_extractor.'
        differing = {key for key in differing if not key.startswith(own)}
    assert differing == expected


@pytest.mark.parametrize('path', CONFIGS, ids=name_of)
def test_what_decides_results_is_written_out(path):
    cfg = load_config(path)
    roi_head = cfg.model.roi_head
    stages = roi_head.get('stage_loss_weights', [1])
    train_cfg = cfg.model.train_cfg.rcnn
    if isinstance(train_cfg, list):
        train_cfg = train_cfg[-1]
    mask_thr = cfg.model.test_cfg.rcnn.mask_thr_binary
    assert train_cfg.mask_thr_binary == mask_thr == 0.5
    assert roi_head.mask_head.loss_mask.loss_weight == 1
    if 'loss_iou' in roi_head.get('mask_iou_head', {}):
        weight = roi_head.mask_iou_head.loss_iou.loss_weight
        # Scorers of detections have no stage.
        joint = 'DetectionScoring' in roi_head.type
        assert weight * (1 if joint else stages[-1]) == 1
    for evaluator in (cfg.val_evaluator, cfg.test_evaluator):
        if isinstance(evaluator, list):
            evaluator = evaluator[0]
        assert evaluator.type == 'mmdet_msrcnn.MaskScoringMetric'
    assert cfg.custom_imports.imports == ['mmdet_msrcnn']
    assert cfg.visualizer.type == 'mmdet_msrcnn.MaskScoringVisualizer'
    tta_cfg = cfg.tta_model.tta_cfg
    assert tta_cfg.max_per_img == cfg.model.test_cfg.rcnn.max_per_img
    hook = cfg.default_hooks.checkpoint.type
    assert hook == 'mmdet_msrcnn.SafeCheckpointHook'


@pytest.mark.parametrize('path', RECIPES, ids=name_of)
def test_recipe_is_that_of_the_paper(path):
    cfg = load_config(path)
    assert cfg.model.test_cfg.rcnn.nms.type == 'soft_nms'
    assert cfg.model.test_cfg.rcnn.max_per_img == 100
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[1].end == 18
    assert cfg.param_scheduler[1].milestones == [14, 17]
    assert cfg.optim_wrapper.optimizer.momentum == 0.9
    scales = {'r18': (1000, 600), 'cityscapes': (2048, 1024)}
    scale = (1333, 800)
    for name, other in scales.items():
        if name in path.name:
            scale = other
    dataset = cfg.test_dataloader.dataset
    assert tuple(dataset.pipeline[1].scale) == scale


FIRST_OF_FOLDER = {path.parent: path for path in reversed(CONFIGS)}.values()


@pytest.mark.parametrize(
    'path',
    [
        pytest.param(
            path,
            id=name_of(path),
            marks=[] if path in FIRST_OF_FOLDER else pytest.mark.slow,
        )
        for path in CONFIGS
    ],
)
def test_mmdet_prints_the_config(path, capsys, monkeypatch):
    tool = mmdet_tool('misc/print_config.py')
    monkeypatch.setattr('sys.argv', [str(tool), str(path)])
    runpy.run_path(str(tool), run_name='__main__')
    printed = capsys.readouterr().out.removeprefix('Config:\n')
    dumped = Config.fromstring(printed, '.py')
    assert dumped.to_dict() == load_config(path).to_dict()
