"""Pairs of overlapping shapes, worked by hand."""

import numpy as np
import pytest

from mmdet_msrcnn.evaluation.pairs import Grouped, areas_of, find_pairs, stack
from tests.test_evaluation.coco_cases import encode, rectangle

BOXES = [(0, 0, 10, 10), (0, 0, 10, 5), (5, 0, 10, 10), (30, 30, 4, 4)]


@pytest.fixture(params=['boxes', 'masks'])
def shapes(request):
    if request.param == 'boxes':
        return BOXES
    return [encode(rectangle(*box)) for box in BOXES]


def no_check(*args) -> None:
    pass


def test_areas(shapes):
    assert areas_of(stack(shapes)).tolist() == [100, 50, 100, 16]
    assert areas_of(stack([])).shape == (0,)


def test_pairs_by_falling_iou_and_the_later_of_equal_ones(shapes):
    whole, upper, right, far = shapes
    detections = Grouped(stack([whole, far]), np.array([3, 3]))
    instances = Grouped(
        stack([whole, upper, far, whole, right]), np.array([2, 3, 3, 3, 3])
    )
    crowds = np.zeros(5, bool)
    pairs, true_ious = find_pairs(detections, instances, crowds, 0.3, no_check)
    # The first instance is of another group.
    assert pairs.starts.tolist() == [0, 3, 4]
    assert pairs.instances.tolist() == [3, 1, 4, 2]
    assert pairs.ious == pytest.approx([1, 1 / 2, 1 / 3, 1])
    assert true_ious.tolist() == [1, 1]
    equal = Grouped(stack([whole] * 3), np.zeros(3, int))
    pairs, _ = find_pairs(equal, equal, crowds[:3], 0.5, no_check)
    assert pairs.instances.tolist() == [2, 1, 0] * 3


def test_lowest_iou_belongs_to_the_pairs(shapes):
    one, upper = (Grouped(stack([s]), np.zeros(1, int)) for s in shapes[:2])
    for lowest, num in ((0.5, 1), (0.51, 0)):
        pairs, true_ious = find_pairs(
            one, upper, np.zeros(1, bool), lowest, no_check
        )
        assert len(pairs.ious) == num
        assert true_ious.tolist() == [0.5]


def test_iou_with_a_crowd_is_over_the_detection(shapes):
    whole, upper, *_ = shapes
    crowd = Grouped(stack([whole]), np.zeros(1, int))
    inside = Grouped(stack([upper]), np.zeros(1, int))
    pairs, true_ious = find_pairs(
        inside, crowd, np.ones(1, bool), 0.5, no_check
    )
    assert pairs.ious.tolist() == [1]
    # Nobody looks for a crowd.
    assert true_ious.tolist() == [0]


def test_sizes_of_masks_are_checked_in_each_group():
    masks = [encode(rectangle(*box)) for box in BOXES]
    groups = Grouped(masks, np.array([0, 0, 1, 2]))
    others = Grouped(masks[:3], np.array([0, 0, 2]))
    seen = []
    find_pairs(
        groups, others, np.zeros(3, bool), 0.5, lambda *args: seen.append(args)
    )
    assert seen == [(0, masks[:2], masks[:2]), (2, masks[3:], masks[2:3])]


def test_crowds_are_no_instances_beside_others(shapes):
    whole, upper, *_ = shapes
    truth = Grouped(stack([whole, upper]), np.zeros(2, int))
    found = Grouped(stack([whole]), np.zeros(1, int))
    crowds = np.array([True, False])
    pairs, true_ious = find_pairs(found, truth, crowds, 0.5, no_check)
    assert pairs.instances.tolist() == [0, 1]
    assert true_ious.tolist() == [0.5]
