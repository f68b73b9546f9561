"""Time per image as the number of instances grows."""

from mmdet_msrcnn.lab.benchmarks import dense
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_dense(source):
    rows = dense.measure_dense(source, 1)
    assert_printable(rows, dense.COLUMNS)
    # The image has no more.
    assert [row['instances'] for row in rows] == [5]
