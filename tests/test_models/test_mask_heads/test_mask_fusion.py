"""Fusion of the predicted mask with the RoI feature."""

import pytest
import torch
from torch.nn import functional as F

from mmdet_msrcnn.models import MaskIoUHead
from mmdet_msrcnn.models.mask_heads.mask_fusion import (
    FUSIONS,
    Fusion,
    concat_all_masks,
    concat_target_mask,
    multiply_target_mask,
    pool_masks,
    select_by_label,
    target_mask_only,
)

LABELS = torch.tensor([3, 0, 1])


def inputs(size: int = 14):
    return torch.randn(3, 5, size, size), torch.rand(3, 4, 28, 28)


def test_select_by_label():
    per_class = torch.arange(6.0).reshape(2, 3)
    labels = torch.tensor([2, 0])
    assert select_by_label(per_class, labels).tolist() == [2, 3]
    assert select_by_label(per_class[:, :1], labels).tolist() == [0, 3]


def test_concatenates_the_max_pooled_mask():
    feats, probs = inputs()
    fused = concat_target_mask(feats, probs, LABELS)
    assert torch.equal(fused[:, :5], feats)
    for i, label in enumerate(LABELS):
        expected = F.max_pool2d(probs[i, label][None], 2)
        assert torch.equal(fused[i, 5:], expected)


def test_hand_worked_case():
    probs = torch.tensor([[[[0.1, 0.9, 0.0, 0.2],
                            [0.3, 0.2, 0.1, 0.0]]]])  # fmt: skip
    feats = torch.full((1, 1, 1, 2), 2.0)
    label = torch.tensor([0])
    pooled = torch.tensor([[0.9, 0.2]])
    fused = concat_target_mask(feats, probs, label)
    torch.testing.assert_close(fused[0], torch.stack([feats[0, 0], pooled]))
    fused = multiply_target_mask(feats, probs, label)
    torch.testing.assert_close(fused[0, 0], 2 * pooled)
    fused = target_mask_only(feats, probs, label)
    torch.testing.assert_close(fused[0, 0], pooled)


def test_all_masks_are_pooled_class_by_class():
    feats, probs = inputs()
    fused = concat_all_masks(feats, probs, LABELS)
    assert torch.equal(fused[:, :5], feats)
    assert torch.equal(fused[:, 5:], F.max_pool2d(probs, 2))


def test_mask_of_the_size_of_the_feature_is_not_pooled():
    feats, probs = inputs(28)
    fused = concat_target_mask(feats, probs, LABELS)
    assert torch.equal(fused[0, 5], probs[0, 3])


# Of the mask and of the RoI feature: FPN, C4, rectangles, no pooling.
@pytest.mark.parametrize(
    ('mask', 'feat'),
    [((28, 28), (14, 14)), ((14, 14), (7, 7)), ((28, 42), (7, 14))]
    + [((28, 28), (28, 28))],
)
@pytest.mark.parametrize('num', [3, 0])
def test_pooling_gives_the_bits_of_adaptive_pooling(mask, feat, num):
    # Few values, so that there are ties.
    probs = torch.randint(5, (num, 2, *mask)).div(4).requires_grad_()
    pooled = [
        pool_masks(torch.zeros(num, 1, *feat), probs),
        F.adaptive_max_pool2d(probs, feat) if num else probs[..., :1],
    ]
    assert pooled[0].shape == (num, 2, *feat)
    if num:
        assert torch.equal(*pooled)
        weight = torch.randn_like(pooled[0])
        gradients = [torch.autograd.grad(p, probs, weight)[0] for p in pooled]
        assert torch.equal(*gradients)


@pytest.mark.parametrize(
    ('mask', 'feat'), [((28, 28), (12, 12)), ((14, 14), (28, 28))]
)
def test_mask_sizes_that_are_no_multiples_are_named(mask, feat):
    message = f'{mask[0]}x{mask[1]}, must be a multiple .* {feat[0]}x{feat[1]}'
    with pytest.raises(ValueError, match=message):
        pool_masks(torch.zeros(1, 1, *feat), torch.zeros(1, 1, *mask))


@pytest.mark.parametrize('name', [n for n in FUSIONS if n != 'all_masks'])
def test_one_mask_per_roi_is_enough(name):
    # as from a class-agnostic mask head
    feats, probs = inputs()
    fuse = FUSIONS[name].fuse
    own = select_by_label(probs, LABELS)[:, None]
    assert torch.equal(fuse(feats, own, LABELS), fuse(feats, probs, LABELS))
    assert not FUSIONS[name].all_masks


@pytest.mark.parametrize('name', FUSIONS)
def test_number_of_channels(name):
    feats, probs = inputs()
    fused = FUSIONS[name].fuse(feats, probs, LABELS)
    assert fused.shape == (3, FUSIONS[name].num_channels(5, 4), 14, 14)


@pytest.mark.parametrize('name', FUSIONS)
def test_features_of_half_precision_stay_so(name):
    feats, probs = inputs()
    fused = FUSIONS[name].fuse(feats.bfloat16(), probs, LABELS)
    assert fused.dtype == torch.bfloat16


@pytest.mark.parametrize('name', FUSIONS)
def test_gradient_reaches_the_target_mask(name):
    feats, probs = inputs()
    probs.requires_grad_()
    FUSIONS[name].fuse(feats, probs, LABELS).square().sum().backward()
    assert select_by_label(probs.grad, LABELS).abs().amax((1, 2)).min() > 0


def test_a_new_fusion_is_a_function_and_a_row(monkeypatch):
    def subtract(mask_feats, mask_probs, labels):
        return mask_feats - target_mask_only(mask_feats, mask_probs, labels)

    monkeypatch.setitem(FUSIONS, 'subtract', Fusion(subtract, lambda c, n: c))
    head = MaskIoUHead(
        in_channels=5,
        conv_out_channels=8,
        fc_out_channels=8,
        num_classes=4,
        fusion='subtract',
    )
    assert head(*inputs(), LABELS).shape == (3, 4)
