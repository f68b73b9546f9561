"""Maskness, by hand."""

import pytest
import torch

from mmdet_msrcnn.models.mask_heads.maskness import (
    maskness,
    product_logits,
)

MASKS = torch.tensor(
    [
        [[0.9, 0.6], [0.1, 0.5]],
        [[0.4, 0.4], [0.0, 0.3]],
        [[1.0, 1.0], [1.0, 1.0]],
    ]
)


@pytest.mark.parametrize(
    ('mask_thr', 'expected'),
    [(0.5, [2 / 3, 0, 1]), (0.3, [2 / 3, 1.1 / 3, 1]), (0.7, [0.9, 0, 1])],
)
def test_mean_of_the_foreground(mask_thr, expected):
    found = maskness(MASKS, mask_thr)
    torch.testing.assert_close(found, torch.tensor(expected))


def test_no_masks():
    assert maskness(torch.zeros(0, 28, 28)).shape == (0,)


@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_logits_of_class_score_x_maskness(dtype):
    scores = torch.tensor([0.8, 0.5, 1.0])
    context = torch.stack([scores.clamp(max=0.999).logit(), scores * 0], 1)
    found = product_logits(MASKS.to(dtype), context)
    products = torch.tensor([0.8 * 2 / 3, 1e-6, 0.999])
    assert found.shape == (3, 1)
    assert found.dtype == torch.float32
    atol = 1e-3 if dtype == torch.float32 else 0.02
    torch.testing.assert_close(
        found[:, 0].sigmoid(), products, atol=atol, rtol=0
    )


def test_low_scores_keep_their_order():
    # LVIS has scores down to 1e-4.
    scores = torch.tensor([1e-4, 3e-4, 9e-4])
    context = torch.stack([scores.logit(), scores * 0], 1)
    found = product_logits(MASKS[2:].expand(3, 2, 2), context)
    torch.testing.assert_close(found[:, 0].sigmoid(), scores)
