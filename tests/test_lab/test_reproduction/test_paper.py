"""Parts of a table of the paper."""

import pytest

from mmdet_msrcnn.lab.reproduction import TABLES

ROWS = [(name, row) for name, table in TABLES.items() for row in table.rows]


@pytest.mark.parametrize(('name', 'row'), ROWS)
def test_every_row_has_a_figure_per_column(name, row):
    assert len(row.paper) == len(TABLES[name].columns)


@pytest.mark.parametrize('name', TABLES)
def test_every_row_is_another_model_and_the_reference_is_one(name):
    variants = [row.variant for row in TABLES[name].rows]
    assert len(set(variants)) == len(variants)
    assert TABLES[name].reference in {None, *variants}
