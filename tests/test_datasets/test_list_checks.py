"""Each defect of lists, images and categories."""

import contextlib
import io

import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.list_checks import (
    check_categories,
    check_images,
    check_lists,
)
from mmdet_msrcnn.datasets.use import STRICT, Use
from tests.test_datasets.files import content


def change_images(**changes):
    return lambda c: c['images'][0].update(changes)


def change_categories(**changes):
    return lambda c: c['categories'][0].update(changes)


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


def test_lists_are_named_with_the_place_of_what_is_wrong():
    broken = content()
    broken['images'].insert(1, 'x' * 80)
    broken['annotations'] = None
    del broken['categories']
    found = {f.where: f for f in check_lists(broken)}
    assert found.keys() == {'images[1]', 'annotations', 'categories'}
    assert found['images[1]'].what.endswith('...; it must be a dict')
    assert {f.level for f in found.values()} == {'error'}
    assert list(check_lists(content())) == []


@pytest.mark.parametrize('key', ['id', 'name'])
def test_what_classes_that_are_not_used_share(key):
    """Two of three categories; each of them makes it an error."""
    what = dict(categories=[dict(id=i, name=f'class{i}') for i in range(3)])
    first, second, _ = what['categories']
    second[key] = first[key]
    for used, level in (('class0', 'error'), ('class2', 'warning')):
        (finding,) = check_categories(what, Use((used,)))
        assert (finding.level, finding.kind) == (level, f'shared {key}')
    assert [f.level for f in check_categories(what, STRICT)] == ['error']


def test_ids_of_two_kinds_are_those_that_pycocotools_cannot_sort():
    what = content()
    change_images(id='1')(what)
    coco = COCO()
    coco.dataset = what
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
    with pytest.raises(TypeError, match='not supported between'):
        COCOeval(coco, coco, 'bbox')
    for use, level in ((STRICT, 'error'), (Use(trained=True), 'warning')):
        (finding,) = check_images(what, use)
        assert (finding.level, finding.kind) == (level, 'kinds of ids')
    change_images(id=1.5)(what)
    assert list(check_images(what, STRICT)) == []
