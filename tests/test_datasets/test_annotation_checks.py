"""Each defect by itself, in a file without other defects."""

import json

import pytest

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.use import Use
from tests.test_datasets.files import assert_only_finding, content, rle

NAN = float('nan')


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
    (dict(segmentation=None), 'error', 'no segmentation', 'missing or null'),
]


@pytest.mark.parametrize(('changes', 'level', 'kind', 'what'), ANNOTATION)
def test_annotation(changes, level, kind, what):
    assert_only_finding(changes, level, kind, what)


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


def test_masks_that_are_not_read_are_not_checked():
    boxes = content()
    for ann in boxes['annotations']:
        del ann['segmentation']
    assert check_annotations(boxes, Use(masks=False)) == []
    assert len(check_annotations(boxes)) == 4
