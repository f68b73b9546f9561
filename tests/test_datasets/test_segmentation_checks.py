"""Polygons as pycocotools reads them, and their area."""

import pytest

from tests.test_datasets.files import assert_only_finding, square

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
        'warning',
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
