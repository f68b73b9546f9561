"""A filled table."""

import pytest

from mmdet_msrcnn.lab.reproduction import fill_table
from tests.test_lab.test_reproduction.heads_table import TABLE, result


@pytest.fixture
def rows():
    results = {
        'mask-rcnn': [result(0.25)],
        'ms-rcnn': [result(0.29, pearson=0.7), result(0.31, pearson=0.8)],
    }
    return fill_table(TABLE, results, {'other': 'train failed: no space'})
