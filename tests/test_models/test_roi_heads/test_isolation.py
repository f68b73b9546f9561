"""Scaled gradients and modes, by hand."""

import pytest
import torch
from torch import nn

from mmdet_msrcnn.models.roi_heads.isolation import eval_mode, scale_gradient
from tests.helpers import MS_RCNN, PLUS, build_model, small_config


@pytest.mark.parametrize('factor', [0, 0.25, 1])
def test_a_part_of_the_gradient_passes(factor):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    inner = x * 1
    y = scale_gradient(inner, factor)
    assert y.tolist() == [2, 3]
    assert y.requires_grad == (factor > 0)
    # The other path from the same tensor keeps its gradient.
    (y**2 + 10 * inner).sum().backward()
    assert x.grad.tolist() == [10 + 4 * factor, 10 + 6 * factor]


def test_no_gradient_is_needed():
    x = torch.ones(2)
    assert scale_gradient(x, 0.5) is x


def test_eval_mode_restores_every_part():
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2)))
    model.train()
    model[1].eval()
    modes = [part.training for part in model.modules()]
    with pytest.raises(KeyError), eval_mode(model):
        assert not any(part.training for part in model.modules())
        raise KeyError
    assert [part.training for part in model.modules()] == modes


@pytest.mark.parametrize('name', ['roi_feat_grad', 'mask_grad'])
@pytest.mark.parametrize('value', [-0.1, 1.5, 'all', float('nan')])
def test_other_values_are_refused(name, value):
    cfg = small_config(MS_RCNN)
    cfg.model.roi_head[name] = value
    with pytest.raises(ValueError, match=rf'roi_head.{name} must be in'):
        build_model(cfg)


@pytest.mark.parametrize('name', ['roi_feat_grad', 'mask_grad'])
def test_a_scorer_of_detections_passes_no_gradient(name):
    cfg = small_config(PLUS)
    cfg.model.roi_head[name] = 1.0
    with pytest.raises(ValueError, match='must be 0'):
        build_model(cfg)
