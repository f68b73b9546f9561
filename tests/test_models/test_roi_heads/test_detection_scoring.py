"""A scorer learns from the detections of its own detector."""

import pytest
import torch
import torch.nn.functional as F
from mmengine.runner import load_checkpoint
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import (
    FrozenTwoStageDetector,
)
from tests.helpers import (
    MASK_RCNN,
    PLUS,
    PLUS_LOGS,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)


@pytest.fixture(scope='module')
def model():
    return build_model(small_config(PLUS)).eval()


def batch():
    return collate(scene(seed=1), scene(seed=2))


def test_every_parameter_trains():
    model = build_model(small_config(PLUS)).train()
    loss, log = model.parse_losses(losses_of(model, batch()))
    loss.backward()
    assert all(torch.isfinite(value).all() for value in log.values())
    assert log['mask_iou_samples'] > 0
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_every_parameter_trains_under_autocast(monkeypatch):
    # As torch before https://github.com/pytorch/pytorch/pull/165068 keeps
    # weights that it cast: with or without gradient, as at the first cast.
    # Here to the same type, for mmcv's operators know no other on the CPU.
    kept = {}

    def with_kept_weight(function):
        def call(x, weight, *args, **kwargs):
            key = id(weight)
            if key not in kept:
                kept[key] = weight, weight * 1
            return function(x, kept[key][1], *args, **kwargs)

        return call

    for name in ('linear', 'conv2d', 'conv_transpose2d'):
        function = getattr(F, name)
        monkeypatch.setattr(F, name, with_kept_weight(function))
    monkeypatch.setattr(torch, 'clear_autocast_cache', kept.clear)
    model = build_model(small_config(PLUS)).train()
    # The end of the outermost autocast forgets them.
    torch.autocast_increment_nesting()
    try:
        loss, _ = model.parse_losses(losses_of(model, batch()))
    finally:
        torch.autocast_decrement_nesting()
    loss.backward()
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_its_losses_reach_no_other_part():
    model = build_model(small_config(PLUS)).train()
    losses = losses_of(model, batch())
    (losses['loss_mask_iou'] + losses['loss_mask_score']).backward()
    for name, parameter in model.named_parameters():
        own = name.startswith('roi_head.mask_iou_head.')
        assert (parameter.grad is not None) == own, name


def test_losses_and_detections_of_the_twin_are_unchanged():
    ours = build_model(small_config(PLUS)).train()
    twin = build_model(small_config(MASK_RCNN)).train()
    twin.load_state_dict(ours.state_dict(), strict=False)
    losses = []
    for one in (ours, twin):
        torch.manual_seed(0)
        losses.append(losses_of(one, batch()))
    assert losses[0].keys() - losses[1].keys() == PLUS_LOGS
    for name, value in losses[1].items():
        both = (
            torch.stack(v) if isinstance(v, list) else v
            for v in (value, losses[0][name])
        )
        torch.testing.assert_close(*both, rtol=0, atol=0)
    results = (one.eval().test_step(batch()) for one in (ours, twin))
    for a, b in zip(*results, strict=True):
        assert len(b.pred_instances) > 0
        for name, value in b.pred_instances.items():
            assert torch.equal(a.pred_instances[name], value), name


def test_mask_scores_are_predicted(model):
    for result in model.eval().test_step(batch()):
        pred = result.pred_instances
        assert len(pred) > 0
        assert pred.mask_ious.min() >= 0
        assert pred.mask_ious.max() <= 1
        assert pred.mask_scores.min() > 0
        assert pred.mask_scores.max() < 1
        assert pred.mask_scores.shape == pred.scores.shape


@pytest.mark.parametrize('seeds', [(1,), (1, 2)])
def test_images_without_detections(seeds):
    cfg = small_config(PLUS)
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    model = build_model(cfg).eval()
    for result in model.test_step(collate(*(scene(seed=s) for s in seeds))):
        assert result.pred_instances.mask_scores.shape == (0,)
        assert result.pred_instances.mask_ious.shape == (0,)


def test_detecting_leaves_the_statistics_of_batch_norm_alone():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_head.norm_cfg = dict(type='BN')
    model = build_model(cfg).train()
    losses_of(model, batch())
    norms = [
        m
        for m in model.roi_head.modules()
        if isinstance(m, torch.nn.BatchNorm2d)
    ]
    assert norms
    assert all(norm.num_batches_tracked == 1 for norm in norms)
    assert all(norm.training for norm in norms)


def test_batches_without_ignored_instances_train(model):
    data = batch()
    for sample in data['data_samples']:
        del sample.ignored_instances
    losses = losses_of(model.train(), data)
    assert losses['mask_iou_samples'] > 0


def test_ignored_instances_without_labels_train(model):
    # A region that holds the whole image.
    counts = []
    for boxes in (torch.zeros(0, 4), torch.tensor([[0.0, 0, 96, 64]])):
        data = batch()
        for sample in data['data_samples']:
            sample.ignored_instances = InstanceData(bboxes=boxes)
        torch.manual_seed(0)
        losses = losses_of(model.train(), data)
        counts.append(losses['mask_iou_samples'])
    assert counts[1] < counts[0]


def test_batches_give_what_single_images_give(model):
    together = model.eval().test_step(batch())
    for seed, result in zip((1, 2), together, strict=True):
        (alone,) = model.test_step(collate(scene(seed=seed)))
        torch.testing.assert_close(
            result.pred_instances.mask_scores,
            alone.pred_instances.mask_scores,
        )


def test_it_learns_its_detections():
    model = build_model(small_config(PLUS))
    cfg = small_config(PLUS)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    frozen = build_model(cfg)
    frozen.load_state_dict(model.state_dict())
    optimizer = torch.optim.Adam(
        [p for p in frozen.parameters() if p.requires_grad], lr=1e-2
    )
    scenes = collate(scene(seed=1, num=1))
    found = []
    for _ in range(30):
        loss, log = frozen.parse_losses(losses_of(frozen.train(), scenes))
        found.append(log)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert found[0].keys() == PLUS_LOGS | {'loss'}
    assert found[-1]['loss_mask_score'] < 0.5 * found[0]['loss_mask_score']


def test_a_frozen_detector_stays_as_it_is(tmp_path):
    mask_rcnn = build_model(small_config(MASK_RCNN)).eval()
    path = tmp_path / 'mask_rcnn.pth'
    torch.save(dict(state_dict=mask_rcnn.state_dict()), path)
    cfg = small_config(PLUS)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    model = build_model(cfg)
    assert type(model) is FrozenTwoStageDetector
    load_checkpoint(model, str(path), map_location='cpu')
    losses = losses_of(model.train(), batch())
    assert losses.keys() == PLUS_LOGS
    for name, value in mask_rcnn.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


@pytest.mark.parametrize('what', ['instances', 'detections'])
def test_empty_images_train(what):
    cfg = small_config(PLUS)
    num = 0
    if what == 'detections':
        cfg.model.test_cfg.rcnn.score_thr = 1.0
        num = 2
    model = build_model(cfg).train()
    data = collate(scene(seed=1, num=num))
    loss, log = model.parse_losses(losses_of(model, data))
    loss.backward()
    assert loss.isfinite()
    assert log['mask_score_target'] == 0
    # Every rank of a distributed run has the same graph.
    for parameter in model.roi_head.mask_iou_head.parameters():
        assert parameter.grad is not None


def test_detecting_leaves_parts_in_their_mode():
    model = build_model(small_config(PLUS)).train()
    # As a norm that is frozen.
    model.roi_head.bbox_head.eval()
    modes = [part.training for part in model.modules()]
    assert len({*modes}) == 2
    losses_of(model, batch())
    assert [part.training for part in model.modules()] == modes
