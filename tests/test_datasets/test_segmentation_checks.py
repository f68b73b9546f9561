"""Polygons as pycocotools reads them, and their area."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.segmentation_checks import (
    check_segmentation,
    polygon_area,
)
from tests.test_datasets.files import (
    HEIGHT,
    WIDTH,
    assert_only_finding,
    square,
)

NAN = float('nan')
# changes of annotation 1 of image 1, level, kind, part of what is said
SEGMENTATION = [
    (dict(segmentation=[]), 'error', 'empty segmentation', 'is []'),
    (dict(segmentation='x'), 'error', 'segmentation', "'x'"),
    (
        dict(segmentation=square(35, 10, 20)),
        'error',
        'segmentation',
        'list of polygons',
    ),
    (
        dict(segmentation=[[[35, 10], [55, 10], [55, 30]]]),
        'error',
        'nested or text',
        'flat list',
    ),
    (
        dict(segmentation=[['35', 10, 55, 10, 55, 30]]),
        'error',
        'nested or text',
        'flat list',
    ),
    (
        dict(segmentation=[[NAN, 10, 55, 10, 55, 30]]),
        'error',
        'nested or text',
        'flat list',
    ),
    (
        dict(segmentation=[[35, 10, 55, 30]]),
        'error',
        'short polygon',
        'has 4 numbers',
    ),
    (
        dict(segmentation=[[35, 10], square(35, 10, 20)]),
        'error',
        'short polygon',
        'has 2 numbers',
    ),
    (
        dict(segmentation=[square(35, 10, 20), [35, 10, 40]]),
        'error',
        'short polygon',
        'has 3 numbers',
    ),
    (
        dict(segmentation=[square(90, 10, 20)]),
        'warning',
        'polygon outside',
        '80 x 60',
    ),
    (
        dict(segmentation=[[35, 10, 45, 20, 55, 30]]),
        'warning',
        'flat polygon',
        'no area',
    ),
]


@pytest.mark.parametrize(('changes', 'level', 'kind', 'what'), SEGMENTATION)
def test_segmentation(changes, level, kind, what):
    assert_only_finding(changes, level, kind, what)


def kinds_of(polygons: list) -> list[tuple[str, str]]:
    """Level and kind of what is found in polygons without a box."""
    image = dict(height=HEIGHT, width=WIDTH)
    ann = dict(segmentation=polygons)
    return [(f.level, f.kind) for f in check_segmentation(ann, image, '')]


def area_of(polygons: list) -> int:
    """Pixels of the mask that pycocotools makes of polygons."""
    codes = mask_utils.frPyObjects(polygons, HEIGHT, WIDTH)
    return int(mask_utils.area(mask_utils.merge(codes)))


@pytest.mark.parametrize('side', ['left', 'right', 'top', 'bottom'])
def test_outside_is_where_pycocotools_draws_no_pixel(side):
    x, y = 30, 20
    for gap in (-1, 1, 30):
        if side in ('left', 'right'):
            x = -20 - gap if side == 'left' else WIDTH + gap
        else:
            y = -20 - gap if side == 'top' else HEIGHT + gap
        polygons = [square(x, y, 20)]
        outside = [('warning', 'polygon outside')] * (gap > 0)
        assert kinds_of(polygons) == outside
        assert (area_of(polygons) == 0) == (gap > 0)
        # A part inside makes a mask.
        assert kinds_of([*polygons, square(35, 10, 20)]) == []


@pytest.mark.parametrize('short', [[35, 10], [35, 10, 55, 30]])
def test_pycocotools_leaves_out_a_short_part_that_is_not_the_first(short):
    polygons = [square(35, 10, 20), short]
    assert area_of(polygons) == 400
    assert kinds_of(polygons) == [('warning', 'short polygon')]


@pytest.mark.parametrize(
    'polygons',
    [
        [[35, 10, 40]],
        [[]],
        [[35, 10], [55, 30]],
        # pycocotools takes the first part for a box.
        [[35, 10, 55, 30], square(35, 10, 20)],
    ],
)
def test_short_parts_that_pycocotools_cannot_read_are_errors(polygons):
    with pytest.raises(Exception, match='not supported|incorrect type'):
        area_of(polygons)
    assert kinds_of(polygons) == [('error', 'short polygon')]


@pytest.mark.parametrize(
    ('points', 'area'),
    [
        # a triangle with the sides 3, 4 and 5, in both directions
        ([[0, 0], [4, 0], [0, 3]], 6),
        ([[0, 3], [4, 0], [0, 0]], 6),
        # an L of three unit squares, and two triangles that cancel out
        ([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], 3),
        ([[0, 0], [2, 2], [2, 0], [0, 2]], 0),
        ([[1, 1], [5, 5], [3, 3]], 0),
    ],
)
@pytest.mark.parametrize('shift', [0, 1e8])
def test_area_of_polygons_worked_by_hand(points, area, shift):
    assert polygon_area(np.array(points, float) + shift) == area


def test_area_of_polygons_equals_opencv():
    rng = np.random.default_rng(0)
    for num in range(3, 20):
        points = rng.integers(0, 100, (num, 2))
        expected = cv2.contourArea(points.astype(np.float32))
        assert polygon_area(points.astype(float)) == pytest.approx(expected)
