"""Choosing RoI features by a mask."""

import warnings

import torch

from mmdet_msrcnn.compat.uint8_indices import to_bool


def test_the_same_rois_without_a_warning():
    mask = torch.tensor([1, 0, 0, 1, 2, 0], dtype=torch.uint8)
    feats = torch.arange(12.0).view(6, 2)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        chosen = feats[to_bool(mask)]
    # Not rows 1, 0, 0, 1, 2 and 0, as of indices.
    assert chosen.tolist() == [[0, 1], [6, 7], [8, 9]]
    assert to_bool(mask).dtype == torch.bool
    # It is not changed in place.
    assert mask.dtype == torch.uint8


def test_masks_that_need_nothing():
    assert to_bool(None) is None
    mask = torch.tensor([True, False])
    assert torch.equal(to_bool(mask), mask)
    assert to_bool(torch.zeros(0, dtype=torch.uint8)).shape == (0,)
