"""Evaluation, against mmdet's CocoMetric."""

import pytest

from mmdet_msrcnn.lab.benchmarks import evaluation
from mmdet_msrcnn.lab.benchmarks.scenes import load_images, make_scene
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_evaluation(source):
    rows = evaluation.measure_evaluation(source, 1)
    assert_printable(rows, evaluation.COLUMNS)


def test_evaluators_agree(source):
    results = [
        evaluation.detections(make_scene(batch, 10), i)
        for i, batch in enumerate(load_images(source))
    ]
    theirs, ours = (
        function()
        for function in evaluation.evaluators(
            source.ann_file, results
        ).values()
    )
    assert theirs['segm_mAP'] > 0
    for key in ('bbox_mAP', 'segm_mAP'):
        # mmdet's are rounded.
        assert ours[key] == pytest.approx(theirs[key], abs=1e-3)
