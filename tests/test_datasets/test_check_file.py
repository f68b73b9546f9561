"""Whole files, and the order of their categories."""

import json

import pytest
from pycocotools.coco import COCO

from mmdet_msrcnn.datasets.check_file import (
    check_file,
    check_order,
    check_polygons_only,
    errors_of,
    read_annotations,
)
from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.use import Use
from tests.test_datasets.files import content, rle, write


def test_order_of_categories():
    fine = content()
    assert check_order(fine, ('apple', 'pear')) == []
    # A class that is not trained.
    assert check_order(fine, ('pear',)) == []
    (finding,) = check_order(fine, ('pear', 'apple'))
    assert "which is ['apple', 'pear'], got ['pear', 'apple']" in finding.what
    (finding,) = check_order(fine, ('apple', 'plum'))
    assert "no category ['plum']" in finding.what


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


def test_run_lengths_where_polygons_are_needed():
    mixed = content()
    assert check_polygons_only(mixed) == []
    mixed['annotations'][0].update(segmentation=rle())
    mixed['annotations'][1].update(segmentation=rle(), iscrowd=1)
    (finding,) = check_polygons_only(mixed)
    assert finding.where == "annotation 1 of image '1.png' (id 1)"
    assert 'poly2mask=False' in finding.what


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'\xef\xbb\xbf{}', 'byte order mark'),
        ('{}'.encode('utf-16'), 'is not JSON'),
        (b'{"images": [}', 'is not JSON: Expecting value'),
        (b'\xff{}', "is not JSON: 'utf-8' codec"),
        (b'[' * 100_000, 'is not JSON: maximum recursion depth'),
        (b'', 'is not JSON'),
        (b'[1]', 'contains a list, not the dict'),
        (b'null', 'contains a NoneType'),
    ],
)
def test_files_that_pycocotools_cannot_read(tmp_path, data, message):
    path = tmp_path / 'a.json'
    path.write_bytes(data)
    for read in (read_annotations, check_file):
        with pytest.raises(ValueError, match=message) as error:
            read(path)
        assert str(path) in str(error.value)
    with pytest.raises((ValueError, RecursionError, AssertionError)):
        COCO(str(path))


def test_content_is_that_of_the_file(tmp_path):
    what = content() | dict(info='\u00e9\u4e2d')
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(what, ensure_ascii=False), encoding='utf-8')
    assert read_annotations(path) == what
    assert check_file(path) == []


def test_images_are_checked_in_a_folder_if_they_are_read(tmp_path):
    path = write(tmp_path, content())
    (tmp_path / '2.png').unlink()
    assert check_file(path) == []
    assert check_file(path, tmp_path, img_ids=[1]) == []
    assert check_file(path, tmp_path, img_ids=[]) == []
    for ids in (None, {1, 2}):
        (finding,) = check_file(path, tmp_path, img_ids=ids)
        assert finding.kind == 'missing file'


@pytest.mark.parametrize('name', ['images', 'annotations', 'categories'])
def test_nothing_follows_lists_that_cannot_be_read(tmp_path, name):
    broken = content()
    broken[name].append(5)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(broken))
    use = Use(('pear', 'apple'), polygons_only=True)
    # None of the images is in the folder.
    (finding,) = check_file(path, tmp_path / 'none', use)
    assert finding.kind == 'not a dict'


def test_order_and_run_lengths_wait_for_a_file_without_errors(tmp_path):
    what = content()
    what['annotations'][0].update(segmentation=rle(), area=0)
    use = Use(('pear', 'apple'), polygons_only=True)
    found = check_file(write(tmp_path, what), use=use)
    assert [f.kind for f in found] == [
        'no area',
        'order of the classes',
        'run lengths in a pipeline of polygons',
    ]
    assert [f.kind for f in check_file(tmp_path / 'ann.json')] == ['no area']
    what['annotations'][1].update(area=None)
    found = check_file(write(tmp_path, what), use=use)
    assert {f.kind for f in found} == {'no area'}


def test_errors_as_a_message(tmp_path):
    path = tmp_path / 'a.json'
    warning = Finding('warning', 'odd', 'annotation 1', 'why')
    error = Finding('error', 'bad', 'annotation 2', 'what')
    assert errors_of(path, []) is None
    assert errors_of(path, [warning]) is None
    first = f'Errors in {path}: 1. Correct them, and check it with '
    lines = ['error: bad (1)', '  annotation 2: what']
    command = f'tools/check_dataset.py {path}'
    assert errors_of(path, [warning, error]).splitlines() == [
        first + command,
        *lines,
    ]
    assert errors_of(path, [warning, error], tmp_path).splitlines() == [
        f'{first}{command} --img-dir {tmp_path}',
        *lines,
    ]
