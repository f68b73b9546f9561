"""Tables beyond the paper."""

import pytest

from mmdet_msrcnn.lab.reproduction import PROTOCOLS
from mmdet_msrcnn.lab.reproduction.own_tables import OWN_TABLES
from mmdet_msrcnn.lab.reproduction.protocols import SAME_RECIPE
from tests.config_family import FOLDER

ROWS = [
    pytest.param(row, id=f'{name} {row.variant}')
    for name, table in OWN_TABLES.items()
    for row in table.rows
]
NAMES = {
    'ms-rcnn-plus': 'MS R-CNN+',
    'mmdet-ms-rcnn': "mmdet's MS R-CNN",
    'mask-rcnn': 'Mask R-CNN',
}


@pytest.mark.parametrize('row', ROWS)
def test_a_row_can_be_trained_on_digits_and_is_named_after_its_model(row):
    recipe = PROTOCOLS['demo'](FOLDER).recipe(row.variant)
    assert recipe.train is not None
    for model, name in NAMES.items():
        is_it = row.variant.startswith(f'{model}_')
        assert row.label.startswith(name) <= is_it
        if not row.variant.endswith(SAME_RECIPE):
            assert recipe.source.name.startswith(f'{model}_') == is_it
    assert set(row.paper) == {None}
