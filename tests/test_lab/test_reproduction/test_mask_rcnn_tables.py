"""Tables of the Mask R-CNN paper."""

import pytest
from mmdet.datasets import CityscapesDataset

from mmdet_msrcnn.lab.reproduction import PROTOCOLS, table_of
from mmdet_msrcnn.lab.reproduction.mask_rcnn_tables import (
    CLASSES,
    MASK_RCNN_TABLES,
)
from tests.config_family import FOLDER

COCO = PROTOCOLS['coco'](FOLDER)
# Figures of the tables, by hand from the talk.
GAINS = {
    'mask-loss': (5.5, 7.1, 6.4),
    'roi-layer-c5': (7.3, 5.3, 10.5, 5.8, 2.6, 9.5),
}


@pytest.mark.parametrize('name', MASK_RCNN_TABLES)
def test_every_model_has_a_config_of_its_own(name):
    rows = MASK_RCNN_TABLES[name].rows
    recipes = {
        row.variant: COCO.recipe(row.variant) for row in rows if row.variant
    }
    assert None not in recipes.values()
    paths = [recipe.source for recipe in recipes.values()]
    assert len(set(paths)) == len(paths)
    for row in rows:
        # Either a model or a figure with its source.
        assert (row.variant is None) == row.source.startswith('https://')
        assert any(row.paper)


@pytest.mark.parametrize('name', GAINS)
def test_gains_are_those_that_the_talk_gives(name):
    """It rounds after the difference in one case."""
    worse, better, *_ = MASK_RCNN_TABLES[name].rows
    gains = [
        b - w
        for b, w in zip(better.paper, worse.paper, strict=True)
        if None not in (b, w)
    ]
    assert gains == pytest.approx(GAINS[name], abs=0.11)


@pytest.mark.parametrize('name', MASK_RCNN_TABLES)
def test_ap50_is_the_largest(name):
    table = MASK_RCNN_TABLES[name]
    headings = [column.heading for column in table.columns]
    for row in table.rows:
        found = dict(zip(headings, row.paper, strict=True))
        for heading in headings:
            if heading.endswith((' AP', ' AP75')):
                at_50 = found.get(heading.removesuffix('75') + '50')
                assert (found[heading] or 0) <= (at_50 or 100)


def test_one_model_has_one_figure():
    known = {}
    for table in MASK_RCNN_TABLES.values():
        for row in table.rows:
            for column, value in zip(table.columns, row.paper, strict=True):
                key = row.variant, column.part, column.item
                if value is not None and row.variant:
                    assert known.setdefault(key, value) == value


def test_cityscapes_has_the_classes_on_test_and_ours_on_val():
    table = MASK_RCNN_TABLES['cityscapes']
    headings = [column.heading for column in table.columns]
    assert headings[3:11] == [f'{name} on test' for name in CLASSES]
    assert headings[11:] == [f'{name} on val' for name in CLASSES]
    for row in table.rows:
        mean, by_class = row.paper[1], row.paper[3:11]
        # The AP is the mean over the classes.
        assert sum(by_class) / 8 == pytest.approx(mean, abs=0.11)
    fine, both = table.variants
    assert COCO.recipe(fine).start is None
    assert COCO.recipe(both).start == 'mask-rcnn_r50_fpn'
    for variant in (fine, both):
        cfg = COCO.recipe(variant).test
        assert cfg.test_evaluator.type == 'mmdet_msrcnn.MaskScoringMetric'
        assert 'gtFine_val' in cfg.test_evaluator.ann_file


def test_names_of_the_classes_are_those_of_the_data_set():
    assert CityscapesDataset.METAINFO['classes'] == CLASSES


def test_small_protocols_train_the_rows_end_to_end():
    table = table_of('roi-layer', 'demo')
    assert table.title == 'RoI layers, R-18 FPN'
    assert table.rows[0].variant == 'mask-rcnn_r18_fpn_roi-pool_end-to-end'
    assert table.reference == 'mask-rcnn_r18_fpn_end-to-end'
    assert table.rows[0].paper == (None,) * 4
    photos = table_of('mask-branch', 'animals')
    assert photos.title == 'Mask branch, EfficientNet-Lite0 FPN'
    assert photos.variants[0] == 'mask-rcnn_efflite0_fpn_mlp-2_end-to-end'
    # Other systems have no results on other data.
    assert table_of('cityscapes', 'demo').variants == [
        row.variant for row in table_of('cityscapes', 'demo').rows
    ]
