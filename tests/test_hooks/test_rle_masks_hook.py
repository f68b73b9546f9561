"""Metrics of a real runner get RLEs, and everyone else tensors."""

import logging
import os

import pytest
from mmdet.apis import inference_detector
from mmdet.evaluation import CocoMetric, DumpDetResults
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetMaskHead
from mmdet.structures.mask import encode_mask_results
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from mmdet_msrcnn.evaluation import MaskScoringMetric
from mmdet_msrcnn.hooks import RLEMasksHook
from mmdet_msrcnn.models import (
    FCNMaskHead,
    MaskScoredDetector,
    MaskScoringTTAModel,
)
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture


@pytest.fixture
def runner(workspace, tmp_path, monkeypatch):  # noqa: F811
    """Make a runner; ``seen`` has the masks that its metric got."""
    seen = []
    process = MaskScoringMetric.process

    def watch(self, data_batch, data_samples):
        seen.extend(s['pred_instances']['masks'] for s in data_samples)
        process(self, data_batch, data_samples)

    monkeypatch.setattr(MaskScoringMetric, 'process', watch)

    def make(**options):
        cfg = Config.fromfile(workspace.config)
        cfg.work_dir, cfg.experiment_name = str(tmp_path), os.urandom(4).hex()
        cfg.model = options.pop('model', cfg.model)
        cfg.merge_from_dict(options)
        # Another test may have left a visualizer of this name.
        cfg.visualizer.name = cfg.experiment_name
        cfg.randomness = dict(seed=0)
        runner = Runner.from_cfg(cfg)
        runner.seen = seen
        return runner

    return make


def types(masks: list) -> set[type]:
    """Of the masks of images with detections."""
    assert any(len(one) for one in masks)
    return {type(one) for one in masks if len(one)}


def without_hook(runner: Runner) -> Runner:
    runner._hooks = [
        hook for hook in runner.hooks if type(hook).__name__ != 'RLEMasksHook'
    ]
    return runner


def test_figures_and_masks_are_the_same(runner, monkeypatch):
    expected = without_hook(runner())
    figures = expected.test()
    assert types(expected.seen) == {Tensor}
    masks = [encode_mask_results(one.numpy()) for one in expected.seen]
    expected.seen.clear()

    def refuse(*args):
        raise AssertionError('a mask of full size was made')

    monkeypatch.setattr(MMDetMaskHead, '_predict_by_feat_single', refuse)
    name = 'mmdet_msrcnn.models.mask_heads.fcn_mask_head.paste_masks'
    monkeypatch.setattr(name, refuse)
    found = runner()
    assert found.test() == pytest.approx(figures, rel=0, abs=0, nan_ok=True)
    assert types(found.seen) == {list}
    assert found.seen == masks


def test_validation_too(runner):
    loop = runner()
    loop.val()
    assert types(loop.seen) == {list}
    heads = [m for m in loop.model.modules() if isinstance(m, FCNMaskHead)]
    assert len(heads) == 1
    assert not heads[0].predict_rles


def test_users_get_tensors_after_a_test(runner, workspace):  # noqa: F811
    tester = runner()
    tester.test()
    tester.model.cfg = tester.cfg
    image = workspace.folder / 'digits/val/000001.png'
    pred = inference_detector(tester.model, str(image)).pred_instances
    assert isinstance(pred.masks, Tensor)
    assert len(pred.masks)


class LookingHook(Hook):
    def after_test_iter(self, runner, batch_idx, data_batch, outputs):
        for sample in outputs:
            assert isinstance(sample.pred_instances.masks, Tensor)


class LookingMetric(CocoMetric):
    """A metric of a user."""


class LookingRoIHead(nn.Module):
    """A RoI head of a user."""


def dump(tester, folder):
    metric = DumpDetResults(out_file_path=str(folder / 'dump.pkl'))
    tester.test_loop.evaluator.metrics.append(metric)


def draw(tester, folder):
    (hook,) = (h for h in tester.hooks if 'Visualization' in type(h).__name__)
    hook.draw, hook.test_out_dir = True, 'drawn'


def look(tester, folder):
    tester.register_hook(LookingHook())


@pytest.mark.parametrize('make', [dump, draw, look])
def test_tensors_if_others_may_read_them(runner, tmp_path, make):
    tester = runner()
    make(tester, tmp_path)
    tester.test()
    assert types(tester.seen) == {Tensor}


def metric(tester):
    tester.test_loop.evaluator.metrics = [LookingMetric()]


def no_metric(tester):
    tester.test_loop.evaluator.metrics = []


def roi_head(tester):
    wrapped = LookingRoIHead()
    wrapped.inner = tester.model.roi_head
    tester.model.roi_head = wrapped


def within(cls):
    """Put the model into another one, and that into a wrapper as DDP is."""

    def put(tester):
        outer = cls.__new__(cls)
        nn.Module.__init__(outer)
        outer.detector = tester.model
        tester.model = nn.Sequential(outer)

    return put


@pytest.mark.parametrize(
    ('change', 'name'),
    [
        (metric, 'LookingMetric'),
        (no_metric, 'TestLoop'),
        (roi_head, 'LookingRoIHead'),
        (within(MaskScoringTTAModel), 'MaskScoringTTAModel'),
        (within(MaskScoredDetector), 'MaskScoredDetector'),
        # Known, so that the others are told apart.
        (lambda tester: None, None),
    ],
)
def test_the_log_names_who_may_read_masks(runner, caplog, change, name):
    tester = runner()
    change(tester)
    hook = RLEMasksHook()
    tester.logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO):
        hook.before_test(tester)
    hook.before_test_iter(tester, 0)
    heads = [m for m in tester.model.modules() if isinstance(m, FCNMaskHead)]
    assert [head.predict_rles for head in heads] == [name is None]
    hook.after_test_iter(tester, 0)
    assert not heads[0].predict_rles
    said = [r.getMessage() for r in caplog.records]
    said = [text for text in said if 'Masks have full size' in text]
    assert len(said) == (name is not None)
    assert all(f'because {name} may read' in text for text in said)


def test_tensors_for_test_time_augmentation(runner, workspace):  # noqa: F811
    cfg = Config.fromfile(workspace.config)
    tta = dict(cfg.tta_model, module=cfg.model)
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(
            type='TestTimeAug',
            transforms=[
                [dict(type='Resize', scale=(320, 240), keep_ratio=True)],
                [dict(type='RandomFlip', prob=p) for p in (1.0, 0.0)],
                [
                    dict(
                        type='PackDetInputs',
                        meta_keys=(
                            'img_id',
                            'img_path',
                            'ori_shape',
                            'img_shape',
                            'scale_factor',
                            'flip',
                            'flip_direction',
                        ),
                    )
                ],
            ],
        ),
    ]
    tester = runner(
        model=tta, **{'test_dataloader.dataset.pipeline': pipeline}
    )
    tester.test()
    assert types(tester.seen) == {Tensor}
