"""The table of camouflaged objects."""

import re

import pytest

from mmdet_msrcnn.evaluation.foreground import map_figures, mean_figures
from mmdet_msrcnn.lab.reproduction import (
    PROTOCOLS,
    TABLES,
    fill_table,
    table_of,
)
from mmdet_msrcnn.lab.reproduction.camouflage_tables import (
    CAMOUFLAGE_TABLES,
    COLLECTION,
)
from mmdet_msrcnn.lab.reproduction.results import camouflage_figures
from tests.config_family import FOLDER
from tests.helpers import ROOT
from tests.test_evaluation.test_foreground import TRUTH

(TABLE,) = CAMOUFLAGE_TABLES.values()
ROWS = [row for row in TABLE.rows if row.variant is not None]
# Of the collection: the S-measure and the MAE.
PUBLISHED = {
    'MS R-CNN': (0.641, 0.073),
    'MS R-CNN, CHAMELEON': (0.637, None),
    'MS R-CNN, CAMO': (0.618, 0.133),
}


def test_figures_are_those_of_the_collection():
    assert [column.heading for column in TABLE.columns] == [
        'S-measure',
        'E-measure',
        'weighted F',
        'MAE',
    ]
    for row in TABLE.rows:
        s_measure, mae = PUBLISHED.get(row.label, (None, None))
        assert row.paper == (s_measure, None, None, mae)


def test_the_page_has_the_figures_and_their_source():
    page = (ROOT / 'docs/camouflage.md').read_text()
    assert f']({COLLECTION})' in page
    for label, figures in PUBLISHED.items():
        name = label.removeprefix('MS R-CNN, ').replace('MS R-CNN', 'COD10K')
        texts = [f'{one:.3f}' if one else '-' for one in figures]
        assert f'| {name} | {" | ".join(texts)} |' in page


def test_rows_that_are_only_quoted_name_their_source():
    rows = [row for row in TABLE.rows if row.variant is None]
    assert len(rows) == 2
    assert {row.source for row in rows} == {COLLECTION}


def test_the_page_names_the_protocols_with_published_figures():
    page = (ROOT / 'docs/reproduction.md').read_text()
    (text,) = re.findall(
        r'Under the protocol(.+?)Other\s+protocols leave', page, re.DOTALL
    )
    named = {*re.findall(r'`([\w-]+)`', text)} - {'camouflage'}
    assert named == {table.paper_protocol for table in TABLES.values()}


@pytest.mark.parametrize('protocol', ['camouflage', 'cod10k'])
def test_every_row_can_be_trained_and_has_the_metric(protocol):
    configs = PROTOCOLS[protocol](FOLDER)
    rows = [
        row
        for row in table_of('camouflage', protocol).rows
        if row.variant is not None
    ]
    assert len(rows) == 3
    sources = set()
    for row in rows:
        recipe = configs.recipe(row.variant)
        assert recipe.source.parent.name == 'camouflage'
        assert recipe.train is not None
        types = [metric.type for metric in recipe.test.test_evaluator]
        assert types == [
            'mmdet_msrcnn.MaskScoringMetric',
            'mmdet_msrcnn.CamouflageMetric',
        ]
        files = {metric.ann_file for metric in recipe.test.test_evaluator}
        assert len(files) == 1
        sources.add(recipe.source.name)
    assert len(sources) == 3


def test_what_the_metric_reports_fills_the_columns():
    figures = mean_figures([map_figures(0.5 * TRUTH, TRUTH)])
    logged = {
        f'camouflage/mask_score_{key}': value for key, value in figures.items()
    }
    metrics = dict(camouflage=camouflage_figures(logged, 'mask_score'))
    variant = ROWS[1].variant
    results = {variant: [dict(variant=variant, seed=0, metrics=metrics)]}
    rows = fill_table(TABLE, results, {})
    ours = [cell.ours for cell in rows[1].cells]
    assert ours[0] == pytest.approx(0.8128)
    assert ours[3] == pytest.approx(0.18)
    assert None not in ours
    assert rows[1].cells[0].difference == pytest.approx(0.8128 - 0.641)
    assert rows[0].cells[0].ours is None
