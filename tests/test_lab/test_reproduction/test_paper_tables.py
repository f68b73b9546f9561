"""The paper's tables."""

import pytest

from mmdet_msrcnn.lab.reproduction import PROTOCOLS, TABLES
from mmdet_msrcnn.lab.reproduction.protocols import (
    END_TO_END,
    MASKNESS,
    MMDET_TARGET,
    SAME_RECIPE,
)
from tests.config_family import FOLDER, twin_of

COCO = PROTOCOLS['coco'](FOLDER)
# Rows of the small protocols alone.
EXTRA = (END_TO_END, MASKNESS, MMDET_TARGET, SAME_RECIPE)
ROWS = [(name, row) for name, table in TABLES.items() for row in table.rows]
PAPER = [(name, row) for name, row in ROWS if not row.variant.endswith(EXTRA)]


@pytest.mark.parametrize(('name', 'row'), ROWS)
def test_every_row_has_a_figure_per_column(name, row):
    assert len(row.paper) == len(TABLES[name].columns)


@pytest.mark.parametrize(('name', 'row'), PAPER)
def test_every_row_of_the_paper_has_a_coco_config(name, row):
    recipe = COCO.recipe(row.variant)
    assert recipe.source.name == f'{row.variant}_18e_coco.py'
    scores_masks = row.variant.startswith('ms-rcnn')
    assert ('MS R-CNN' in row.label) <= scores_masks
    assert ('Mask R-CNN' in row.label) <= (not scores_masks)


@pytest.mark.parametrize('table', ['backbones', 'frameworks'])
def test_rows_come_in_pairs(table):
    paths = [COCO.recipe(row.variant).source for row in TABLES[table].rows]
    for twin, path in zip(paths[::2], paths[1::2], strict=True):
        assert twin_of(path) == twin
