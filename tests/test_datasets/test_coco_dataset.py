"""mmdet's data set names the annotation that it cannot read."""

import json
import re

import pytest
from mmdet.datasets import CocoDataset as MMDetCocoDataset
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope

from mmdet_msrcnn.datasets import CocoDataset
from tests.test_datasets.files import content, write


def build(path):
    init_default_scope('mmdet')
    cfg = dict(
        type='mmdet_msrcnn.CocoDataset',
        ann_file=str(path),
        data_prefix=dict(img=''),
        metainfo=dict(classes=('apple', 'pear')),
    )
    return DATASETS.build(cfg)


def test_a_fine_file_is_read_as_mmdet_does(tmp_path):
    path = write(tmp_path, content())
    dataset = build(path)
    assert type(dataset) is CocoDataset
    mmdets = MMDetCocoDataset(
        ann_file=str(path),
        data_prefix=dict(img=''),
        metainfo=dict(classes=('apple', 'pear')),
    )
    assert dataset.get_data_info(1) == mmdets.get_data_info(1)


@pytest.mark.parametrize(
    'changes',
    [
        dict(bbox=None),
        dict(area='400'),
        dict(bbox=[1, 2]),
        dict(area=None),
        # Ids that are shared.
        dict(id=1),
        dict(id=4),
        dict(id=[3]),
    ],
)
def test_what_mmdet_cannot_read_is_named(tmp_path, changes):
    broken = content()
    broken['annotations'][2].update(changes)
    name = re.escape(str(broken['annotations'][2]['id']))
    message = f"annotation {name} of image '2.png'"
    with pytest.raises(ValueError, match=message):
        build(write(tmp_path, broken))


@pytest.mark.parametrize('key', ['id', 'image_id', 'category_id'])
def test_missing_keys_are_named(tmp_path, key):
    broken = content()
    del broken['annotations'][2][key]
    with pytest.raises(ValueError, match=f'{key} is missing'):
        build(write(tmp_path, broken))


@pytest.mark.parametrize('name', ['images', 'annotations', 'categories'])
@pytest.mark.parametrize('value', [None, 5, 'x', []])
def test_entries_that_are_no_dicts_are_named(tmp_path, name, value):
    path = write(tmp_path, content())
    broken = content()
    broken[name].append(value)
    path.write_text(json.dumps(broken))
    with pytest.raises(ValueError, match=rf'{name}\[\d\]: .*must be a dict'):
        build(path)
