"""Cross-entropy over classes and background, against torch's."""

import pytest
import torch
from torch.nn import functional as F

from mmdet_msrcnn.models import MultinomialMaskLoss

CLASSES = 4


def case(scale=1.0):
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(5, CLASSES + 1, 6, 6, generator=generator) * scale
    targets = (torch.rand(5, 6, 6, generator=generator) > 0.4).float()
    labels = torch.tensor([0, 3, 1, 3, 2])
    return scores.requires_grad_(), targets, labels


def classes_of(targets, labels):
    """The class of each pixel; the background is the last."""
    own = labels[:, None, None].expand_as(targets)
    return torch.where(targets == 1, own, CLASSES)


@pytest.mark.parametrize('scale', [1.0, 20.0, 200.0])
def test_value_and_gradient_are_those_of_torch(scale):
    scores, targets, labels = case(scale)
    loss = MultinomialMaskLoss()(scores, targets, labels)
    (found,) = torch.autograd.grad(loss, scores)
    expected = F.cross_entropy(scores, classes_of(targets, labels))
    (gradient,) = torch.autograd.grad(expected, scores)
    assert torch.allclose(loss, expected, rtol=1e-5)
    assert torch.allclose(found, gradient, atol=1e-7)


def test_weight_and_targets_between_0_and_1():
    scores, targets, labels = case()
    plain = MultinomialMaskLoss()(scores, targets, labels)
    double = MultinomialMaskLoss(2.0)(scores, targets, labels)
    assert double.item() == pytest.approx(2 * plain.item())
    ones, zeros = torch.ones_like(targets), torch.zeros_like(targets)
    loss = MultinomialMaskLoss()
    both = loss(scores, ones, labels) + 3 * loss(scores, zeros, labels)
    quarter = loss(scores, ones / 4, labels)
    assert quarter.item() == pytest.approx(both.item() / 4)


def test_a_negative_weight_is_an_error():
    with pytest.raises(ValueError, match=r'loss_mask.loss_weight must be'):
        MultinomialMaskLoss(-1)
