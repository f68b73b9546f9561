"""All tables by name."""

from mmdet_msrcnn.lab.reproduction.camouflage_tables import CAMOUFLAGE_TABLES
from mmdet_msrcnn.lab.reproduction.extra_tables import EXTRA_TABLES
from mmdet_msrcnn.lab.reproduction.mask_rcnn_tables import MASK_RCNN_TABLES
from mmdet_msrcnn.lab.reproduction.paper_tables import PAPER_TABLES
from mmdet_msrcnn.lab.reproduction.tables import SUBMISSIONS, TABLES


def test_no_table_replaces_another():
    assert [*TABLES] == [
        *PAPER_TABLES,
        *MASK_RCNN_TABLES,
        *EXTRA_TABLES,
        *CAMOUFLAGE_TABLES,
    ]


def test_submissions_are_of_what_the_server_computes():
    tables = {name for name in TABLES if 'test-dev' in name}
    assert tables == SUBMISSIONS.keys()
    for name, kind in SUBMISSIONS.items():
        word = {'segm': 'mask', 'bbox': 'box'}[kind]
        columns = TABLES[name].columns
        assert all(c.heading.startswith(f'{word} AP') for c in columns)
