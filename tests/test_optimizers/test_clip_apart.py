"""Gradients are clipped in two parts."""

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmdet_msrcnn.optimizers.clip_apart import clip_apart
from tests.helpers import MASK_RCNN, MS_RCNN, build_model, small_config

CLIP = torch.nn.utils.clip_grad_norm_
APART = 'mmdet_msrcnn.ClipApartOptimWrapperConstructor'


def parameter(*gradient: float) -> nn.Parameter:
    found = nn.Parameter(torch.zeros(len(gradient)))
    found.grad = torch.tensor(gradient)
    return found


@pytest.mark.parametrize('reverse', [False, True])
def test_each_part_has_its_own_norm(reverse):
    detector = [parameter(3.0, 0.0), parameter(4.0)]
    scorer = [parameter(0.0, 30.0), parameter(40.0)]
    every = detector + scorer
    norm = clip_apart(
        CLIP, scorer, every[::-1] if reverse else every, max_norm=10
    )
    # Of 5 and 50
    assert norm == 5
    assert [p.grad.tolist() for p in detector] == [[3, 0], [4]]
    grads = torch.cat([p.grad for p in scorer])
    torch.testing.assert_close(grads, torch.tensor([0.0, 6.0, 8.0]))


def test_the_detector_is_clipped_too():
    detector, scorer = parameter(30.0, 40.0), parameter(1.0)
    assert clip_apart(CLIP, [scorer], [detector, scorer], max_norm=5) == 50
    torch.testing.assert_close(detector.grad, torch.tensor([3.0, 4.0]))
    assert scorer.grad.tolist() == [1]


def test_one_part_alone():
    for apart in ([], None):
        single = parameter(3.0, 4.0)
        own = [single] if apart is None else apart
        assert clip_apart(CLIP, own, [single], max_norm=1) == 5
        torch.testing.assert_close(single.grad, torch.tensor([0.6, 0.8]))


def build(cfg, **kwargs):
    model = build_model(cfg)
    return model, build_optim_wrapper(
        model,
        dict(
            type='OptimWrapper',
            optimizer=dict(type='SGD', lr=1.0),
            constructor=APART,
            **kwargs,
        ),
    )


@pytest.mark.parametrize('value', [False, True])
def test_parts_of_a_model(value):
    clip = dict(type='value', clip_value=0.5) if value else dict(max_norm=0.5)
    model, wrapper = build(small_config(MS_RCNN), clip_grad=clip)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    wrapper.step()
    for scorer in (False, True):
        moved = torch.cat(
            [
                (before[n] - p).flatten()
                for n, p in model.named_parameters()
                if ('mask_iou_head' in n) == scorer
            ]
        )
        expected = 0.5 if value else 0.5 / len(moved) ** 0.5
        torch.testing.assert_close(
            moved, torch.full_like(moved, expected), rtol=1e-3, atol=1e-6
        )


def test_without_clipping_it_is_the_default():
    model, wrapper = build(small_config(MS_RCNN))
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 100.0)
    before = model.roi_head.mask_iou_head.fc_mask_iou.bias.clone()
    wrapper.step()
    moved = before - model.roi_head.mask_iou_head.fc_mask_iou.bias
    assert (moved == 100).all()


def test_settings_of_other_constructors_are_refused():
    for key, allowed in (('custom_keys', True), ('decay_rate', False)):
        cfg = small_config(MS_RCNN)
        value = {'backbone': dict(lr_mult=0.1)} if allowed else 0.7
        if allowed:
            build(cfg, paramwise_cfg={key: value})
            continue
        with pytest.raises(ValueError, match='paramwise_cfg.decay_rate'):
            build(cfg, paramwise_cfg={key: value})


def test_a_model_without_scorer_is_refused():
    with pytest.raises(TypeError, match='StandardRoIHead, which has no'):
        build(small_config(MASK_RCNN))
