"""Time that mask scoring adds to the detection of an image."""

from mmdet_msrcnn.lab.benchmarks import inference
from mmdet_msrcnn.lab.benchmarks.detectors import IN_TREE, MASK_RCNN, OURS
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_inference(configs, source):
    rows = inference.measure_inference(*configs, source, 'cpu', 1)
    assert_printable(rows, inference.COLUMNS)
    assert [row['model'] for row in rows] == [MASK_RCNN, IN_TREE, OURS]
    assert rows[0]['ratio'] == 1
    # All that the config lets through.
    assert {row['detections'] for row in rows} == {10}
