"""Parts of a table of the paper."""

import pytest

from mmdet_msrcnn.lab.reproduction import TABLES, Row, Table

ROWS = [(name, row) for name, table in TABLES.items() for row in table.rows]


@pytest.mark.parametrize(('name', 'row'), ROWS)
def test_every_row_has_a_figure_per_column(name, row):
    assert len(row.paper) == len(TABLES[name].columns)


@pytest.mark.parametrize('name', TABLES)
def test_every_row_is_another_model_and_the_reference_is_one(name):
    variants = TABLES[name].variants
    assert len(set(variants)) == len(variants)
    assert TABLES[name].reference in {None, *variants}


def test_other_systems_are_no_variants():
    rows = Row('a', 'a', ()), Row('MNC', None, (), 'https://b')
    assert Table('', (), rows).variants == ['a']
