"""Ground-truth masks as tensors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.targets.gt_masks import (
    pack_gt_masks,
    pack_samples,
    packed_masks,
)
from tests.helpers import ellipse_masks, scene

HEIGHT, WIDTH = 40, 60
# On, off and across the borders of the image.
POINTS = st.tuples(st.floats(-10, 70), st.floats(-10, 50))
PARTS = st.lists(POINTS, min_size=3, max_size=6)
INSTANCES = st.lists(
    st.lists(PARTS, min_size=1, max_size=3), min_size=1, max_size=4
)


def polygons_of(instances) -> PolygonMasks:
    parts = [[np.ravel(part) for part in parts] for parts in instances]
    return PolygonMasks(parts, HEIGHT, WIDTH)


def every_pixel(gt_masks) -> torch.Tensor:
    """All pixels of all instances, shape (N, H, W)."""
    height, width = gt_masks.size
    num = len(gt_masks.origins)
    return gt_masks.sample(
        torch.arange(num),
        torch.arange(height).expand(num, -1),
        torch.arange(width).expand(num, -1),
    )


# The seed of tests/conftest.py matters: of other polygons, a pixel in millions
# differs, here in one of some 30,000 examples.
@given(instances=INSTANCES)
def test_polygons_are_rasterised_as_mmdet_does(instances):
    polygons = polygons_of(instances)
    found = pack_gt_masks(polygons, 'cpu')
    expected = polygons.to_bitmap().masks
    assert np.array_equal(every_pixel(found).numpy(), expected)
    assert found.areas.tolist() == expected.sum((1, 2)).tolist()


def test_points_between_fifths_are_rounded_as_in_the_image():
    rng = np.random.default_rng(0)
    places = rng.integers(0, (7000, 5000), (40, 1, 1, 2))
    points = (places + rng.integers(0, 1000, (40, 1, 4, 2))) / 10
    polygons = PolygonMasks(
        [[p.ravel() for p in one] for one in points], 600, 800
    )
    found = every_pixel(pack_gt_masks(polygons, 'cpu')).numpy()
    assert np.array_equal(found, polygons.to_bitmap().masks)


def test_bitmaps_are_kept():
    # Noise, which reaches the borders of the image.
    masks = np.random.default_rng(0).integers(0, 2, (5, HEIGHT, WIDTH))
    bitmaps = BitmapMasks(masks.astype(np.uint8), HEIGHT, WIDTH)
    found = pack_gt_masks(bitmaps, 'cpu')
    masks = bitmaps.masks
    assert np.array_equal(every_pixel(found).numpy(), masks)
    assert found.areas.tolist() == masks.sum((1, 2)).tolist()
    # The same memory.
    assert found.pixels.data_ptr() == masks.ctypes.data


@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_pixels_are_looked_up(form):
    corners = np.random.default_rng(0).uniform(0, 40, (5, 1, 4, 2))
    masks = polygons_of(corners)
    expected = torch.from_numpy(masks.to_bitmap().masks)
    if form == 'bitmap':
        masks = masks.to_bitmap()
    inds = torch.tensor([4, 0, 0, 2])
    rows = torch.randint(HEIGHT, (4, 7))
    columns = torch.randint(WIDTH, (4, 9))
    expected = expected[
        inds[:, None, None], rows[:, :, None], columns[:, None, :]
    ].bool()
    assert expected.any()
    found = pack_gt_masks(masks, 'cpu').sample(inds, rows, columns)
    assert torch.equal(found, expected)


@pytest.mark.parametrize('dtype', [bool, np.int32, np.float32])
def test_foreground_is_what_is_not_zero(dtype):
    masks = ellipse_masks(3, HEIGHT, WIDTH)
    bitmaps = BitmapMasks(masks, HEIGHT, WIDTH)
    bitmaps.masks = masks.astype(dtype) * dtype(1 if dtype is bool else 256)
    found = pack_gt_masks(bitmaps, 'cpu')
    assert np.array_equal(every_pixel(found).numpy(), masks)
    assert found.areas.tolist() == masks.sum((1, 2)).tolist()


def test_polygons_take_memory_where_they_are():
    square = [10.0, 10, 14, 10, 14, 14, 10, 14]
    polygons = PolygonMasks([[np.array(square)]] * 3, 1000, 2000)
    assert pack_gt_masks(polygons, 'cpu').pixels.numel() == 3 * 6 * 6


@pytest.mark.parametrize('form', [BitmapMasks, PolygonMasks])
def test_no_instance(form):
    masks = pack_gt_masks(form([], HEIGHT, WIDTH), 'cpu')
    assert every_pixel(masks).shape == (0, HEIGHT, WIDTH)
    assert masks.areas.shape == (0,)


def test_packed_masks_stay_with_their_instances():
    """Ground truth that is selected, joined or moved is packed again."""
    sample = scene(num=3, seed=1)['data_samples']
    before = sample.gt_instances
    (packed,) = pack_samples([sample], 'cpu')
    gt = packed.gt_instances
    assert packed_masks(gt, 'cpu') is packed_masks(gt, 'cpu')
    (again,) = pack_samples([packed], 'cpu')
    own = again.gt_instances
    assert packed_masks(own, 'cpu') is packed_masks(gt, 'cpu')
    # What was handed in has none.
    assert before is sample.gt_instances
    assert packed_masks(before, 'cpu') is not packed_masks(before, 'cpu')
    for other, inds in (
        (gt[torch.tensor([2, 0])], [2, 0]),
        (InstanceData.cat([gt[1:], gt]), [1, 2, 0, 1, 2]),
        (gt.to('cpu'), [0, 1, 2]),
    ):
        found = packed_masks(other, 'cpu').bitmaps().numpy()
        np.testing.assert_array_equal(found, before.masks.masks[inds])
