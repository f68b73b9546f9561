"""Tables beyond the paper."""

import pytest

from mmdet_msrcnn.lab.reproduction import PROTOCOLS
from mmdet_msrcnn.lab.reproduction.extra_tables import EXTRA_TABLES
from mmdet_msrcnn.lab.reproduction.protocols import SAME_RECIPE
from tests.config_family import FOLDER

ROWS = [
    pytest.param(row, id=f'{name} {row.variant}')
    for name, table in EXTRA_TABLES.items()
    for row in table.rows
]
NAMES = {
    'ms-rcnn': 'MS R-CNN',
    'ms-rcnn-plus': 'MS R-CNN+',
    'mmdet-ms-rcnn': "mmdet's MS R-CNN",
    'mask-rcnn': 'Mask R-CNN',
}


@pytest.mark.parametrize('row', ROWS)
def test_a_row_can_be_trained_on_digits_and_is_named_after_its_model(row):
    recipe = PROTOCOLS['demo'](FOLDER).recipe(row.variant)
    assert recipe.train is not None
    model = row.variant.partition('_')[0]
    if not row.variant.endswith(SAME_RECIPE):
        assert recipe.source.name.partition('_')[0] == model
    # The longest first; a row of a change has no name.
    names = sorted(NAMES.values(), key=len, reverse=True)
    assert next(filter(row.label.startswith, names), None) in (
        None,
        NAMES[model],
    )
