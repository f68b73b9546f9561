"""Forward passes of the mask head and of the MaskIoU heads."""

from mmdet_msrcnn.lab.benchmarks import heads
from mmdet_msrcnn.lab.benchmarks.detectors import IN_TREE, OURS
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_heads(configs):
    rows = heads.measure_heads(*configs, 'cpu', 1)
    assert_printable(rows, heads.COLUMNS)
    by_name = {row['head']: row for row in rows}
    # The same weights, the same predictions.
    assert by_name[IN_TREE]['difference'] < 1e-5
    assert by_name[OURS]['difference'] == 0
    assert 0 < by_name[heads.BF16]['difference'] < 2e-3
