"""Boxes against mmdet, which leaves some out, and against masks."""

import pytest

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from tests.test_datasets.files import (
    annotation,
    assert_only_finding,
    content,
    rle,
    square,
)

NAN = float('nan')
# changes of annotation 1 of image 1, level, kind, part of what is said
BOX = [
    (dict(bbox=[35, 10, 20]), 'error', 'box', '[x, y, width, height]'),
    (dict(bbox=['35', 10, 20, 20]), 'error', 'box', "'35'"),
    (dict(bbox=[35, 10, NAN, 20]), 'error', 'box', 'nan'),
    (dict(bbox=[35, 10, 0, 20]), 'warning', 'no box', 'left out of training'),
    (
        dict(bbox=[35, 10, 55, 30]),
        'warning',
        'format of the box',
        '(x1, y1,',
    ),
    (
        dict(bbox=[100, 10, 20, 20], segmentation=rle()),
        'warning',
        'box outside',
        'left out of training',
    ),
    (
        dict(bbox=[2, 10, 9, 9]),
        'warning',
        'box and mask differ',
        'the box of the mask is [35.0, 10.0, 20.0, 20.0]',
    ),
    (
        dict(bbox=[35, 10, 55, 30], segmentation=rle()),
        'warning',
        'format of the box',
        '(x1, y1,',
    ),
    (
        dict(bbox=[2, 10, 9, 9], segmentation=rle()),
        'warning',
        'box and mask differ',
        'the box of the mask is [35.0, 10.0, 20.0, 20.0]',
    ),
]


@pytest.mark.parametrize(('changes', 'level', 'kind', 'what'), BOX)
def test_box(changes, level, kind, what):
    assert_only_finding(changes, level, kind, what)


def test_an_instance_that_repeats_another():
    broken = content()
    broken['annotations'].append(annotation(7, 1, 35.2, category_id=2))
    findings = [f for f in check_annotations(broken) if f.kind == 'repeated']
    assert findings
    assert findings[0].level == 'warning'
    assert 'to annotation 1' in findings[0].what


def test_boxes_of_another_format_are_an_error_if_most_are():
    broken = content()
    for ann in broken['annotations'][:3]:
        x, y, width, height = ann['bbox']
        ann['bbox'] = [x, y, x + width, y + height]
    found = check_annotations(broken)
    assert [f.kind for f in found] == ['format of the box'] * 3
    assert {f.level for f in found} == {'error'}


def test_small_objects_at_the_edge_are_fine():
    """As cv2.findContours and cv2.boundingRect give them."""
    fine = content()
    fine['annotations'][0].update(
        segmentation=[[0, 10, 0, 20, 0, 29]], bbox=[0, 10, 1, 20]
    )
    fine['annotations'][1].update(
        segmentation=[square(1, 1, 5)], bbox=[1, 1, 6, 6]
    )
    found = check_annotations(fine)
    assert {f.level for f in found} <= {'warning'}
