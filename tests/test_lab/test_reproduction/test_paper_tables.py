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
ROWS = [
    (name, row)
    for name, table in TABLES.items()
    for row in table.rows
    if not row.only_paper
]
PAPER = [(name, row) for name, row in ROWS if not row.variant.endswith(EXTRA)]


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


def figures(name, row) -> dict:
    """Figures that the paper has, by heading."""
    columns = TABLES[name].columns
    pairs = zip(columns, row.paper, strict=True)
    return {c.heading: value for c, value in pairs if value is not None}


@pytest.mark.parametrize(('name', 'row'), ROWS)
def test_ap_is_below_ap75_and_that_below_ap50(name, row):
    """As in every row of the paper: figures that change places are found."""
    found = figures(name, row)
    for kind in ('mask', 'box'):
        keys = [f'{kind} AP{threshold}' for threshold in ('', 75, 50)]
        values = [found[key] for key in keys if key in found]
        assert values == sorted(values)
    sizes = [found[f'mask AP{s}'] for s in 'sml' if f'mask AP{s}' in found]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize('name', ['backbones', 'frameworks', 'test-dev'])
def test_gain_in_mask_ap_is_what_the_paper_says(name):
    """About 1.5 with every backbone and framework, and the same boxes."""
    rows = TABLES[name].rows
    gains = []
    for twin, ours in zip(rows[::2], rows[1::2], strict=True):
        old, new = figures(name, twin), figures(name, ours)
        gains += [new['mask AP'] - old['mask AP']] if new else []
        if 'box AP' in new:
            assert new['box AP'] == pytest.approx(old['box AP'], abs=0.35)
    assert len(gains) == 3
    assert gains == pytest.approx([1.5] * 3, abs=0.45)


def test_a_model_has_one_figure_in_all_tables():
    """Also by the name of its ranking, which is that of the mask AP."""
    known = {}
    for name in ('backbones', 'frameworks', 'fusion', 'tau', 'target'):
        for row in TABLES[name].rows:
            for heading, value in figures(name, row).items():
                key = row.variant, heading
                assert known.setdefault(key, value) == value, key
    for row in TABLES['upper-bound'].rows:
        found = figures('upper-bound', row)
        twin = row.variant.replace('ms-rcnn', 'mask-rcnn')
        if found:
            ours = found['by mask score'], found['mask AP by class score']
            models = row.variant, twin
            assert ours == tuple(known[m, 'mask AP'] for m in models)
