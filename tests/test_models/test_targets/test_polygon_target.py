"""Targets of the mask head from polygons are mmdet's, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmdet.structures.mask.mask_target import mask_target_single
from mmengine.config import ConfigDict

from mmdet_msrcnn.models.targets.polygon_target import (
    are_polygons,
    polygon_targets,
)

HEIGHT, WIDTH = 90, 130
# On, off and across the borders of the image, with every kind of fraction.
NUMBERS = st.floats(-40, 170, width=32) | st.integers(-40, 170).map(float)
POINTS = st.tuples(NUMBERS, NUMBERS)
PARTS = st.lists(POINTS, min_size=3, max_size=7)
INSTANCES = st.lists(
    st.lists(PARTS, min_size=1, max_size=3), min_size=1, max_size=4
)
BOXES = st.lists(st.tuples(POINTS, POINTS), min_size=1, max_size=8)


def polygons_of(instances) -> PolygonMasks:
    parts = [[np.ravel(part) for part in parts] for parts in instances]
    return PolygonMasks(parts, HEIGHT, WIDTH)


@settings(max_examples=60)
@given(instances=INSTANCES, corners=BOXES, size=st.sampled_from([7, 28, 33]))
def test_any_polygon_in_any_box(instances, corners, size):
    masks = polygons_of(instances)
    corners = torch.tensor(corners, dtype=torch.float32)
    boxes = torch.cat([corners.amin(1), corners.amax(1)], dim=1)
    given_boxes = boxes.clone()
    inds = torch.arange(len(boxes)) % len(instances)
    found = polygon_targets(masks, boxes, inds, size)
    assert torch.equal(boxes, given_boxes)
    expected = mask_target_single(
        boxes.clone(), inds, masks, ConfigDict(mask_size=size)
    )
    assert found.dtype == expected.dtype == torch.float32
    assert torch.equal(found, expected)


def test_parts_that_overlap_are_joined():
    low, high = np.array([0.0, 0, 20, 0, 20, 20, 0, 20]), np.full(8, 8.0)
    masks = polygons_of([[low], [low, low + high]])
    boxes = torch.tensor([[0.0, 0, 28, 28]]).repeat(3, 1)
    found = polygon_targets(masks, boxes, torch.tensor([1, 0, 1]), 28)
    both = 2 * 20 * 20 - 12 * 12
    assert found.sum((1, 2)).tolist() == [both, 400, both]


def test_no_box_and_boxes_that_are_no_numbers():
    masks = polygons_of([[[(0, 0), (9, 0), (9, 9)]]])
    none = polygon_targets(masks, torch.zeros(0, 4), torch.zeros(0).long(), 28)
    assert none.shape == (0, 28, 28)
    boxes = torch.tensor([[float('nan'), 0, 9, 9]])
    targets = polygon_targets(masks, boxes, torch.tensor([0]), 28)
    assert targets.isfinite().all()


@pytest.mark.parametrize(
    ('part', 'accepted'),
    [
        (np.zeros(6), True),
        (np.zeros(4), False),  # a box to pycocotools
        (np.zeros(7), False),
        (np.zeros(6, int), False),  # which mmdet rounds
        (np.zeros(6, np.float32), False),
    ],
)
def test_what_is_left_to_mmdet(part, accepted):
    masks = PolygonMasks([[np.zeros(8)], [np.zeros(6), part]], 9, 9)
    assert are_polygons(masks) == accepted
    assert not are_polygons(BitmapMasks(np.zeros((1, 9, 9)), 9, 9))
