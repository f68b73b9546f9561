"""Encoding of masks for the metric, compared with mmdet."""

from mmdet_msrcnn.lab.benchmarks import rles
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_rles(source):
    rows = rles.measure_rles(source, 1, size=(640, 480), num_detections=5)
    assert_printable(rows, rles.COLUMNS)
    assert rows[0]['differences'] == 0


def test_the_benchmark_sees_a_difference(source, monkeypatch):
    name = 'mmdet_msrcnn.models.mask_heads.fcn_mask_head.paste_rles'
    monkeypatch.setattr(name, lambda probs, *args: [{}] * len(probs))
    (row,) = rles.measure_rles(source, 1, size=(640, 480), num_detections=5)
    assert row['differences'] > 0
