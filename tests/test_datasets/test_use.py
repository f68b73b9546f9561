"""Errors that do not matter in a run."""

import pytest

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.use import Use
from tests.test_datasets.files import HEIGHT, WIDTH, content, rle

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
