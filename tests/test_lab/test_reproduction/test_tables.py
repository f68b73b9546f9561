"""All tables by name."""

from mmdet_msrcnn.lab.reproduction.own_tables import OWN_TABLES
from mmdet_msrcnn.lab.reproduction.paper_tables import PAPER_TABLES
from mmdet_msrcnn.lab.reproduction.tables import TABLES


def test_no_table_replaces_another():
    assert [*TABLES] == [*PAPER_TABLES, *OWN_TABLES]
