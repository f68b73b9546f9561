"""Maskness, by hand."""

import pytest
import torch

from mmdet_msrcnn.models.mask_heads.maskness import maskness

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
