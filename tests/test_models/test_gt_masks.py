"""Ground-truth masks as tensors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures.mask import BitmapMasks, PolygonMasks

from mmdet_msrcnn.models.gt_masks import stack_gt_masks
from tests.helpers import ellipse_masks

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


@settings(max_examples=100, deadline=None)
@given(instances=INSTANCES)
def test_polygons_are_rasterised_as_mmdet_does(instances):
    polygons = polygons_of(instances)
    found = stack_gt_masks(polygons, 'cpu')
    expected = polygons.to_bitmap().masks
    assert np.array_equal(found.masks.numpy(), expected)
    assert found.areas.tolist() == expected.sum((1, 2)).tolist()


@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_pixels_are_looked_up_whatever_the_order_in_memory(form):
    if form == 'bitmap':
        masks = BitmapMasks(ellipse_masks(5, HEIGHT, WIDTH), HEIGHT, WIDTH)
    else:
        corners = np.random.default_rng(0).uniform(0, 40, (5, 1, 4, 2))
        masks = polygons_of(corners)
    found = stack_gt_masks(masks, 'cpu')
    assert found.masks.shape == (5, HEIGHT, WIDTH)
    inds = torch.tensor([4, 0, 0, 2])
    rows = torch.randint(HEIGHT, (4, 7))
    columns = torch.randint(WIDTH, (4, 9))
    expected = found.masks[
        inds[:, None, None], rows[:, :, None], columns[:, None, :]
    ].bool()
    assert expected.any()
    assert torch.equal(found.sample(inds, rows, columns), expected)


@pytest.mark.parametrize('form', [BitmapMasks, PolygonMasks])
def test_no_instance(form):
    masks = stack_gt_masks(form([], HEIGHT, WIDTH), 'cpu')
    assert masks.masks.shape == (0, HEIGHT, WIDTH)
    assert masks.areas.shape == (0,)
