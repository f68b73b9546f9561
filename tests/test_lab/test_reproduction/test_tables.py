"""All tables by name."""

from mmdet_msrcnn.lab.reproduction.camouflage_tables import CAMOUFLAGE_TABLES
from mmdet_msrcnn.lab.reproduction.extra_tables import EXTRA_TABLES
from mmdet_msrcnn.lab.reproduction.paper_tables import PAPER_TABLES
from mmdet_msrcnn.lab.reproduction.tables import TABLES


def test_no_table_replaces_another():
    assert [*TABLES] == [
        *PAPER_TABLES,
        *EXTRA_TABLES,
        *CAMOUFLAGE_TABLES,
    ]
