"""Each defect by itself, in a file without other defects."""

import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.check_file import check_order, check_polygons_only
from mmdet_msrcnn.datasets.findings import Finding, lines_of
from mmdet_msrcnn.datasets.use import Use
from tests.test_datasets.files import (
    HEIGHT,
    WIDTH,
    annotation,
    content,
    square,
)

NAN = float('nan')


def rle(height=HEIGHT, width=WIDTH) -> dict:
    mask = np.zeros((height, width), np.uint8)
    mask[10:30, 35:55] = 1
    code = mask_utils.encode(np.asfortranarray(mask))
    return dict(size=[height, width], counts=code['counts'].decode())


def test_a_fine_file():
    assert check_annotations(content()) == []
    # Also with run lengths, a crowd, and without crowd flags.
    fine = content()
    fine['annotations'][0].update(segmentation=rle(), iscrowd=1)
    del fine['annotations'][1]['iscrowd']
    assert check_annotations(fine) == []


# changes of annotation 1 of image 1, level, kind, part of what is said
ANNOTATION = [
    (dict(id=None), 'error', 'no id', 'missing or null'),
    (dict(id=0), 'note', 'id 0', 'renumbers'),
    (dict(id=2), 'error', 'shared id', 'its own id'),
    (dict(image_id=None), 'error', 'no image_id', 'missing or null'),
    (dict(image_id=9), 'warning', 'unknown image', 'id 9'),
    (dict(image_id=[1]), 'warning', 'unknown image', 'id [1]'),
    (dict(image_id='1'), 'error', 'kind of image_id', "image_id is '1'"),
    (dict(category_id=None), 'error', 'no category_id', 'missing'),
    (dict(category_id=9), 'warning', 'unknown category', 'id 9'),
    (dict(category_id='2'), 'error', 'kind of category_id', 'is a number'),
    (dict(id=True), 'error', 'annotation id', 'must be a number'),
    (dict(id=[7]), 'error', 'annotation id', 'must be a number'),
    (dict(ignore=1), 'warning', 'ignore flag', 'counted in evaluation'),
    (dict(iscrowd='0'), 'error', 'crowd flag', "'0'"),
    (dict(iscrowd=2), 'warning', 'crowd flag', 'counts as 1'),
    (dict(iscrowd=1), 'warning', 'crowd of polygons', 'run lengths'),
    (dict(area=None), 'error', 'no area', 'missing or null'),
    (dict(area='400'), 'error', 'area', "'400'"),
    (dict(area=NAN), 'error', 'area', 'nan'),
    (dict(area=0), 'warning', 'no area', 'left out of training'),
    (dict(bbox=None), 'error', 'no bbox', 'missing or null'),
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
    (dict(segmentation=None), 'error', 'no segmentation', 'missing or null'),
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
    (
        dict(segmentation=rle(WIDTH, HEIGHT)),
        'error',
        'size of run lengths',
        '[80, 60], the image [60, 80]',
    ),
    (
        dict(segmentation=dict(size=[60, 80])),
        'error',
        'segmentation',
        'counts and size',
    ),
]


@pytest.mark.parametrize(('changes', 'level', 'kind', 'what'), ANNOTATION)
def test_annotation(changes, level, kind, what):
    broken = content()
    broken['annotations'][0].update(changes)
    found = check_annotations(broken)
    (finding,) = [f for f in found if f.where.startswith('annotation')][:1]
    assert (finding.level, finding.kind) == (level, kind)
    assert what in finding.what
    assert f'annotation {broken["annotations"][0]["id"]!r}' in finding.where
    if broken['annotations'][0]['image_id'] == 1:
        assert "image '1.png' (id 1)" in finding.where
    # Nothing else is found, but the twin of a shared id.
    assert {f.kind for f in found} == {kind}


def test_ids_of_both_kinds():
    """Ids of an annotation file may be text, if all are."""
    text = content()
    for ann in text['annotations']:
        ann['image_id'] = str(ann['image_id'])
    kinds = {f.kind for f in check_annotations(text)}
    assert kinds == {'kind of image_id'}
    for image in text['images']:
        image['id'] = str(image['id'])
    assert check_annotations(text) == []
    text['annotations'][0]['image_id'] = 1
    (finding,) = check_annotations(text)
    assert 'the id of the image is text' in finding.what


def change_images(**changes):
    return lambda c: c['images'][0].update(changes)


def change_categories(**changes):
    return lambda c: c['categories'][0].update(changes)


def repeat(c):
    c['annotations'].append(annotation(7, 1, 35.2, category_id=2))


# what is done to the file, level, kind, part of what is said
FILE = [
    (lambda c: c.pop('images'), 'error', 'no list', 'must have'),
    (
        lambda c: c.update(annotations={}),
        'error',
        'no list',
        'must have',
    ),
    (lambda c: c.pop('annotations'), 'warning', 'no annotations', 'missing'),
    (lambda c: c.update(images=[]), 'error', 'no images', 'empty'),
    (lambda c: c['images'].append(None), 'error', 'not a dict', 'None'),
    (lambda c: c['annotations'].append(5), 'error', 'not a dict', '5'),
    (lambda c: c['categories'].append('x'), 'error', 'not a dict', "'x'"),
    (change_images(id=[1]), 'error', 'image id', '[1]'),
    (change_images(file_name=['a']), 'error', 'file name', "['a']"),
    (change_images(file_name=''), 'error', 'file name', "''"),
    (change_categories(id=[1]), 'error', 'category id', '[1]'),
    (change_categories(name=5), 'error', 'category name', '5'),
    (change_images(id=2), 'error', 'shared image id', 'its own id'),
    (change_images(id='1'), 'error', 'kinds of ids', 'text'),
    (
        change_images(file_name=None),
        'error',
        'image without file_name',
        'null',
    ),
    (
        change_images(file_name='2.png'),
        'warning',
        'image listed twice',
        'more than once',
    ),
    (change_images(height=None), 'error', 'image without height', 'null'),
    (change_images(width='80'), 'error', 'size of an image', "'80'"),
    (change_images(width=0), 'error', 'size of an image', 'width is 0'),
    (change_categories(id=2), 'error', 'shared id', '[2, 2]'),
    (change_categories(name='pear'), 'error', 'shared name', '[1, 2]'),
    (change_categories(name=None), 'error', 'no name', 'must have name'),
    (repeat, 'warning', 'repeated', 'to annotation 1'),
]


@pytest.mark.parametrize(('change', 'level', 'kind', 'what'), FILE)
def test_file(change, level, kind, what):
    broken = content()
    change(broken)
    found = check_annotations(broken)
    findings = [f for f in found if f.kind == kind]
    assert findings
    assert findings[0].level == level
    assert what in findings[0].what


def test_order_of_categories():
    fine = content()
    assert check_order(fine, ('apple', 'pear')) == []
    # A class that is not trained.
    assert check_order(fine, ('pear',)) == []
    (finding,) = check_order(fine, ('pear', 'apple'))
    assert "which is ['apple', 'pear'], got ['pear', 'apple']" in finding.what
    (finding,) = check_order(fine, ('apple', 'plum'))
    assert "no category ['plum']" in finding.what


def test_run_lengths_where_polygons_are_needed():
    mixed = content()
    assert check_polygons_only(mixed) == []
    mixed['annotations'][0].update(segmentation=rle())
    mixed['annotations'][1].update(segmentation=rle(), iscrowd=1)
    (finding,) = check_polygons_only(mixed)
    assert finding.where == "annotation 1 of image '1.png' (id 1)"
    assert 'poly2mask=False' in finding.what


def test_many_findings_are_few_lines():
    findings = [
        Finding('warning', 'odd', f'annotation {i}', 'odd') for i in range(50)
    ]
    findings.append(Finding('error', 'bad', 'annotation 9', 'bad'))
    assert lines_of(findings) == [
        'error: bad (1)',
        '  annotation 9: bad',
        'warning: odd (50)',
        '  annotation 0: odd',
        '  annotation 1: odd',
        '  annotation 2: odd',
        '  ... and 47 more',
    ]


VALUES = [None, 0, 'x', [], {}, [None], NAN, True, -1.5, [['x']], 'é']


@pytest.mark.parametrize('value', VALUES)
@pytest.mark.parametrize('name', ['images', 'annotations', 'categories'])
def test_any_value_is_reported_or_taken(name, value):
    """No value makes the check itself fail."""
    for key in content()[name][0]:
        broken = content()
        broken[name][0][key] = value
        check_annotations(json.loads(json.dumps(broken)))
    broken = content()
    broken[name].append(value)
    check_annotations(json.loads(json.dumps(broken)))


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


EMPTY = dict(segmentation=[])
TRAINED = Use(classes=('apple', 'pear'), trained=True)
EVALUATED = TRAINED._replace(trained=False)


# what mmdet leaves out or ignores, whether evaluation forgives it as well
@pytest.mark.parametrize(
    ('changes', 'evaluated'),
    [
        (EMPTY, 'error'),
        (dict(segmentation=[[1.0, 1, 2, 2]]), 'error'),
        (dict(EMPTY, area=0), 'error'),
        (dict(EMPTY, bbox=[35, 10, 0, 0]), 'error'),
        (dict(EMPTY, ignore=1), 'error'),
        (dict(segmentation=rle(WIDTH, HEIGHT), iscrowd=1), 'error'),
        (dict(EMPTY, category_id=9), 'warning'),
        (dict(EMPTY, image_id=9), 'warning'),
    ],
)
def test_what_training_forgives(changes, evaluated):
    broken = content()
    broken['annotations'][0].update(changes)
    for use, level in ((TRAINED, 'warning'), (EVALUATED, evaluated)):
        found = check_annotations(broken, use)
        assert level in {f.level for f in found}
        if level == 'warning':
            assert not [f for f in found if f.level == 'error']


def test_classes_that_are_not_used_are_forgiven():
    broken = content()
    broken['annotations'][0].update(EMPTY)
    (name,) = {
        cat['name']
        for cat in broken['categories']
        if cat['id'] != broken['annotations'][0]['category_id']
    }
    for trained in (False, True):
        found = check_annotations(broken, Use((name,), trained))
        assert {f.level for f in found} == {'warning'}


def test_masks_that_are_not_read_are_not_checked():
    boxes = content()
    for ann in boxes['annotations']:
        del ann['segmentation']
    assert check_annotations(boxes, Use(masks=False)) == []
    assert len(check_annotations(boxes)) == 4


def test_a_file_without_the_last_class():
    fine = content()
    fine['categories'].pop()
    fine['annotations'] = []
    (finding,) = check_order(fine, ('apple', 'pear'))
    assert finding.level == 'warning'
    assert "no category ['pear']" in finding.what
    # Its labels would be those of other classes.
    (finding,) = check_order(fine, ('pear', 'apple'))
    assert finding.level == 'error'
