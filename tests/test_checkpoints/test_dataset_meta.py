"""Names and colours, of the checkpoint or else of the config."""

import pytest
from mmdet.datasets import CityscapesDataset, CocoDataset
from mmengine.config import Config

from mmdet_msrcnn.checkpoints.convert import convert
from mmdet_msrcnn.checkpoints.dataset_meta import dataset_meta
from tests.test_checkpoints.authors_model import checkpoint
from tests.test_checkpoints.cases import CLASSES, PALETTE, small_r50_config


def test_names_of_coco_come_from_the_config():
    content = checkpoint(num_classes=80)
    cfg = small_r50_config()
    for head in ('bbox_head', 'mask_head'):
        cfg.model.roi_head[head].num_classes = 80
    meta = convert(content, cfg).content['meta']['dataset_meta']
    assert len(meta['classes']) == len(meta['palette']) == 80
    assert meta['classes'][:2] == ('person', 'bicycle')


def config(**dataset) -> Config:
    return Config(dict(test_dataloader=dict(dataset=dataset)))


@pytest.mark.parametrize(
    'meta',
    [
        # mmdet 3.x and 2.x, and both of them
        dict(dataset_meta=dict(classes=CLASSES, palette=PALETTE)),
        dict(dataset_meta=dict(CLASSES=list(CLASSES), PALETTE=PALETTE)),
        dict(CLASSES=CLASSES, PALETTE=[list(row) for row in PALETTE]),
        dict(
            CLASSES=('old',) * 3,
            dataset_meta=dict(classes=CLASSES, palette=PALETTE),
        ),
        dict(CLASSES=CLASSES, PALETTE=PALETTE, dataset_meta=None),
    ],
)
def test_names_of_the_checkpoint(meta):
    cfg = config(metainfo=dict(classes=('a', 'b', 'c'), palette=[(9, 9, 9)]))
    expected = dict(classes=CLASSES, palette=PALETTE)
    assert dataset_meta(meta, cfg, 3) == expected
    # Names that are not those of its heads.
    assert dataset_meta(meta, cfg, 4) == {}
    assert dataset_meta(meta, cfg, None) == {}


@pytest.mark.parametrize('meta', [{}, dict(CLASSES=None), dict(epoch=3)])
def test_names_of_the_config(meta):
    own = dict(classes=list(CLASSES), palette=[list(row) for row in PALETTE])
    expected = dict(classes=CLASSES, palette=PALETTE)
    assert dataset_meta(meta, config(metainfo=own), 3) == expected
    assert dataset_meta(meta, config(metainfo=own), 2) == {}
    own = dict(classes=CLASSES)
    assert dataset_meta(meta, config(metainfo=own), 3) == own


@pytest.mark.parametrize('cls', [CocoDataset, CityscapesDataset])
def test_names_of_mmdets_data_sets(cls):
    own = cls.METAINFO
    found = dataset_meta({}, config(type=cls.__name__), len(own['classes']))
    assert found['classes'] == own['classes']
    assert found['palette'] == [tuple(row) for row in own['palette']]


@pytest.mark.parametrize('same', [True, False])
def test_colours_of_the_config_are_for_its_own_names(same):
    cfg = config(metainfo=dict(classes=CLASSES, palette=PALETTE))
    names = CLASSES if same else CLASSES[::-1]
    expected = dict(classes=names) | (dict(palette=PALETTE) if same else {})
    assert dataset_meta(dict(CLASSES=names), cfg, 3) == expected


def test_a_config_without_a_data_set_leaves_the_names_of_the_checkpoint():
    for cfg in (Config({}), config(ann_file='a.json')):
        found = dataset_meta(dict(CLASSES=('a',)), cfg, 1)
        assert found == dict(classes=('a',))
        assert dataset_meta({}, cfg, 1) == {}
