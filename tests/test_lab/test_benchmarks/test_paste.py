"""Pasting of masks into the image at test, compared with mmdet."""

from mmdet_msrcnn.lab.benchmarks import paste
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_paste(source):
    rows = paste.measure_paste(source, 1)
    assert_printable(rows, paste.COLUMNS)
    assert rows[0]['differences'] == 0
