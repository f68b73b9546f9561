"""Boxes against mmdet, which leaves some out, and against masks."""

import itertools

import numpy as np
import pytest
from mmdet.datasets import CocoDataset
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.box_checks import (
    check_box,
    check_duplicates,
    check_format,
    weigh_formats,
)
from mmdet_msrcnn.datasets.findings import Finding
from tests.test_datasets.files import (
    HEIGHT,
    WIDTH,
    annotation,
    assert_only_finding,
    content,
    rle,
    square,
    write,
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


def starts_and_sides(end: int) -> list[tuple[float, float]]:
    """Across both edges of an image, with sides below and above a pixel."""
    starts = (-20, -19.5, -1, 5, end - 0.5, end, end + 1)
    return list(itertools.product(starts, (0, 0.5, 1, 20)))


def test_boxes_that_mmdet_leaves_out(tmp_path):
    boxes = [
        [x, y, width, height]
        for x, width in starts_and_sides(WIDTH)
        for y, height in starts_and_sides(HEIGHT)
    ]
    what = content()
    what['annotations'] = [
        dict(id=i, image_id=1, category_id=1, area=400, bbox=box)
        for i, box in enumerate(boxes)
    ]
    dataset = CocoDataset(
        ann_file=str(write(tmp_path, what)),
        data_prefix=dict(img=''),
        metainfo=dict(classes=('apple', 'pear')),
    )
    kept = {
        tuple(instance['bbox'])
        for instance in dataset.get_data_info(0)['instances']
    }
    assert 0 < len(kept) < len(boxes)
    image = dict(height=HEIGHT, width=WIDTH)
    for x, y, width, height in boxes:
        ann = dict(bbox=[x, y, width, height])
        findings = list(check_box(ann, image, ''))
        left_out = (x, y, x + width, y + height) not in kept
        assert len(findings) == left_out
        assert all('left out of training' in f.what for f in findings)
        # Where the image is, is not known without it.
        small = min(width, height) < 1
        kinds = [f.kind for f in check_box(ann, None, '')]
        assert kinds == ['no box'] * small


@pytest.mark.parametrize(
    ('box', 'kind'),
    [
        ([20, 10, 30, 40], None),
        # off by 20 % of the mask's height, and by more
        ([20, 18, 30, 40], None),
        ([20, 18.4, 30, 40], 'box and mask differ'),
        ([20, 10, 36.4, 40], 'box and mask differ'),
        # corners, exact and off by 10 % and more
        ([20, 10, 50, 50], 'format of the box'),
        ([23, 10, 50, 50], 'format of the box'),
        ([23.4, 10, 50, 50], 'box and mask differ'),
        # reported by check_box
        ([20, 10, 30, 0.5], None),
        (['20', 10, 30, 40], None),
        (None, None),
    ],
)
def test_box_of_a_mask_of_30_by_40_pixels(box, kind):
    low, high = np.array([20.0, 10]), np.array([50.0, 50])
    findings = check_format(dict(bbox=box), low, high, 'here')
    assert [(f.kind, f.where) for f in findings] == [(kind, 'here')][
        : kind is not None
    ]


@pytest.mark.parametrize(
    ('wrong', 'num', 'level'),
    [(2, 4, 'warning'), (3, 4, 'error'), (1, 1, 'error'), (1, 2, 'warning')],
)
def test_formats_count_where_more_than_half_are_wrong(wrong, num, level):
    other = Finding('error', 'no area', '', '')
    found = [Finding('error', 'format of the box', '', '')] * wrong
    assert weigh_formats([*found, other], num) == [
        *[finding._replace(level=level) for finding in found],
        other,
    ]


@pytest.mark.parametrize('min_iou', [0.5, 0.95])
def test_instances_that_repeat_by_the_iou_of_pycocotools(min_iou):
    rng = np.random.default_rng(0)
    first = rng.uniform(20, 60, (20, 4))
    share = np.concatenate([np.zeros(5), rng.uniform(0, 0.15, 15)])
    moved = first * (1 + share[:, None] * rng.uniform(-1, 1, (20, 4)))
    boxes = np.concatenate([first, moved]).tolist()
    instances = [
        (dict(id=f'a{i}', bbox=box), f'here {i}')
        for i, box in enumerate(boxes)
    ]
    expected = {}
    for i in range(1, len(boxes)):
        ious = mask_utils.iou([boxes[i]], boxes[:i], [0] * i)[0]
        if ious.max() >= min_iou:
            expected[f'here {i}'] = f"annotation 'a{ious.argmax()}'"
    assert 5 < len(expected) < len(boxes) - 1
    found = {
        f.where: f.what.removeprefix('nearly equal to ')
        for f in check_duplicates(instances, min_iou)
    }
    assert found == expected
    assert list(check_duplicates(instances[:1])) == []
