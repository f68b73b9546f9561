"""Errors that do not matter in a run."""

import pytest
from mmdet.datasets import CocoDataset
from mmengine.registry import init_default_scope

from mmdet_msrcnn.datasets.annotation_checks import check_annotations
from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.use import STRICT, Use, forgive
from tests.test_datasets.files import HEIGHT, WIDTH, content, rle, write

EMPTY = dict(segmentation=[])
# mmdet fails on it, unless it leaves the annotation out.
UNREADABLE = dict(segmentation='x')
TRAINED = Use(classes=('apple', 'pear'), trained=True)
EVALUATED = TRAINED._replace(trained=False)


# what mmdet leaves out or ignores, whether evaluation forgives it as well
@pytest.mark.parametrize(
    ('changes', 'evaluated'),
    [
        (dict(segmentation=[[1.0, 1, 2, 2]]), 'error'),
        (dict(EMPTY, area=0), 'error'),
        (dict(EMPTY, bbox=[35, 10, 0, 0]), 'error'),
        (dict(EMPTY, ignore=1), 'error'),
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


@pytest.mark.parametrize(
    ('changes', 'ignored'),
    [
        (dict(segmentation=[[1.0, 1, 2, 2]]), 1),
        (dict(UNREADABLE, area=0), 0),
        (dict(UNREADABLE, bbox=[35, 10, 0, 0]), 0),
        (dict(UNREADABLE, bbox=[100, 10, 20, 20]), 0),
        (dict(UNREADABLE, ignore=1), 0),
        (dict(UNREADABLE, category_id=9), 0),
        (dict(UNREADABLE, image_id=9), 0),
    ],
)
def test_mmdet_trains_on_what_is_forgiven(tmp_path, changes, ignored):
    """It reads the image without the instance, or ignores the instance."""
    broken = content()
    broken['annotations'][0].update(changes)
    found = check_annotations(broken, TRAINED)
    assert {f.level for f in found} == {'warning'}
    sample = first_image(tmp_path, broken)['data_samples']
    # Of the two instances of the image, the other one is left.
    assert sample.gt_instances.bboxes.tensor.tolist() == [[5, 10, 25, 30]]
    assert len(sample.ignored_instances) == ignored


# Masks of crowds are read although crowds do not train.
@pytest.mark.parametrize('crowd', [0, 1])
@pytest.mark.parametrize(
    'segmentation', [[], None, 'x', [1.0, 2, 3, 4, 5, 6], rle(WIDTH, HEIGHT)]
)
def test_mmdet_fails_on_what_is_not_forgiven(tmp_path, segmentation, crowd):
    broken = content()
    broken['annotations'][0].update(segmentation=segmentation, iscrowd=crowd)
    found = check_annotations(broken, TRAINED)
    assert 'error' in {f.level for f in found}
    with pytest.raises((KeyError, TypeError, ValueError)):
        first_image(tmp_path, broken)


def first_image(folder, broken):
    """Read the first image as training does."""
    init_default_scope('mmdet')
    dataset = CocoDataset(
        ann_file=str(write(folder, broken)),
        data_prefix=dict(img=f'{folder}/'),
        metainfo=dict(classes=TRAINED.classes),
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='PackDetInputs'),
        ],
    )
    return dataset[0]


def test_a_category_is_used_unless_others_are_named():
    apple = dict(id=1, name='apple')
    assert STRICT.has(apple)
    assert Use(('apple',)).has(apple)
    assert not Use(('pear',)).has(apple)
    assert not Use(()).has(apple)
    # An unknown category is reported by its id.
    assert Use(('pear',)).has(None)


def test_only_defects_of_masks_are_forgiven():
    """What mmdet reads of each annotation stays an error."""
    kinds = ('no bbox', 'area', 'shared id', 'run lengths')
    findings = [Finding('error', kind, '', '') for kind in kinds]
    unused = Use(('pear',), trained=True)
    found = forgive(iter(findings), {}, dict(name='apple'), unused)
    assert [f.level for f in found] == ['error'] * 3 + ['warning']
    assert forgive(findings, {}, dict(name='pear'), unused) == findings
    assert forgive(findings, {}, dict(name='apple'), STRICT) == findings
