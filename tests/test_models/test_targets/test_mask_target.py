"""Targets of the mask head are mmdet's, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures.mask import BitmapMasks
from mmdet.structures.mask.mask_target import mask_target_single
from mmengine.config import ConfigDict

from mmdet_msrcnn.models.targets.gt_masks import GtMasks, pack_gt_masks
from mmdet_msrcnn.models.targets.mask_target import (
    TIE,
    _roi_align,
    mask_targets,
    resample,
)
from tests.helpers import (
    boxes_of,
    ellipse_masks,
)

HEIGHT, WIDTH = 90, 130
CFG = ConfigDict(mask_size=28)
# On and off the image, with every kind of fraction, and empty ones.
EDGES = st.floats(-40, 170, width=32) | st.integers(-40, 170).map(float)
BOXES = st.lists(st.tuples(EDGES, EDGES, EDGES, EDGES), min_size=1, max_size=8)


def bitmaps(num: int, seed: int = 0) -> BitmapMasks:
    masks = ellipse_masks(num, HEIGHT, WIDTH, seed)
    # An instance of noise, of whose bins many are nearly half full.
    noise = np.random.default_rng(seed).integers(0, 2, (1, HEIGHT, WIDTH))
    masks = np.concatenate([masks, noise.astype(np.uint8)])
    return BitmapMasks(masks, HEIGHT, WIDTH)


def packed(masks: BitmapMasks) -> GtMasks:
    return pack_gt_masks(masks, 'cpu')


def assert_equal(masks, boxes, inds, size=28):
    expected = mask_target_single(
        boxes.clone(), inds, masks, ConfigDict(mask_size=size)
    )
    found = mask_targets(packed(masks), boxes, inds, size)
    assert found.dtype == expected.dtype == torch.float32
    assert torch.equal(found, expected)


@settings(max_examples=60)
@given(boxes=BOXES, seed=st.integers(0, 5))
def test_any_box(boxes, seed):
    masks = bitmaps(3, seed)
    boxes = torch.tensor(boxes, dtype=torch.float32)
    # x1 <= x2 and y1 <= y2, as proposals are.
    boxes = torch.cat(
        [
            boxes[:, :2].minimum(boxes[:, 2:]),
            boxes[:, :2].maximum(boxes[:, 2:]),
        ],
        dim=1,
    )
    inds = torch.arange(len(boxes)) % 4
    assert_equal(masks, boxes, inds)


@pytest.mark.parametrize('size', [7, 14, 28])
def test_ground_truth_boxes_of_whole_pixels(size):
    # Many of their bins are exactly half full.
    masks = bitmaps(20)
    boxes = boxes_of(masks.masks)
    assert_equal(masks, boxes, torch.arange(21), size)
    shifted = boxes + torch.tensor([0.5, 0.25, -0.5, 0.5])
    assert_equal(masks, shifted, torch.arange(21), size)


def test_ties_are_left_to_roi_align():
    masks = bitmaps(2)
    # Half of every second row: each bin is half full.
    masks.masks[0] = 0
    masks.masks[0, ::2] = 1
    boxes = torch.tensor([[10.0, 10, 66, 66], [10.3, 8.2, 60.1, 70.7]])
    means = resample(
        torch.from_numpy(masks.masks), boxes, torch.tensor([0, 1]), 28
    )
    assert ((means[0] - 0.5).abs() < TIE).all()
    assert_equal(masks, boxes, torch.tensor([0, 1]))


def wider(masks):
    """The same masks as every second column of an array."""
    return np.repeat(masks, 2, axis=2)[:, :, ::2]


LAYOUTS = {
    'fortran': np.asfortranarray,
    'pixels_first': lambda m: np.ascontiguousarray(m.transpose(1, 2, 0)),
    'every_second': wider,
    'flipped': lambda m: np.ascontiguousarray(m[:, :, ::-1])[:, :, ::-1],
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_memory_layout_of_masks_does_not_matter(layout):
    masks = bitmaps(3)
    # Every second row: all bins are ties, which RoIAlign itself decides.
    masks.masks[0] = 0
    masks.masks[0, ::2] = 1
    boxes = boxes_of(masks.masks)
    inds = torch.arange(4)
    expected = mask_target_single(boxes.clone(), inds, masks, CFG)
    changed = LAYOUTS[layout](masks.masks)
    if layout == 'pixels_first':
        changed = changed.transpose(2, 0, 1)
    assert np.array_equal(changed, masks.masks)
    assert not changed.flags.c_contiguous
    other = BitmapMasks(masks.masks, HEIGHT, WIDTH)
    other.masks = changed
    assert torch.equal(mask_targets(packed(other), boxes, inds, 28), expected)
    if layout != 'flipped':
        # As on a GPU.
        means = _roi_align(torch.from_numpy(changed), boxes, inds, 28)
        assert torch.equal((means >= 0.5).float(), expected)


def test_no_box_and_boxes_that_are_no_numbers():
    masks = packed(bitmaps(2))
    none = mask_targets(masks, torch.zeros(0, 4), torch.zeros(0).long(), 28)
    assert none.shape == (0, 28, 28)
    boxes = torch.tensor([[float('nan'), 0, 9, 9]])
    targets = mask_targets(masks, boxes, torch.tensor([0]), 28)
    assert targets.isfinite().all()
