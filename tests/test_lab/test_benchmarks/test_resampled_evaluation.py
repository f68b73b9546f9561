"""Evaluation of whole data sets, against mmdet's CocoMetric."""

import json

import numpy as np
import pytest

from mmdet_msrcnn.lab.benchmarks import resampled_evaluation
from mmdet_msrcnn.lab.benchmarks.evaluation import evaluators
from mmdet_msrcnn.lab.benchmarks.synthetic_coco import (
    NUM_CLASSES,
    make_set,
)
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_synthetic_set(monkeypatch):
    monkeypatch.setattr(resampled_evaluation, 'NUM_RESAMPLES', 2)
    rows = resampled_evaluation.measure_synthetic(3, 1)
    assert_printable(rows, resampled_evaluation.COLUMNS)
    assert (rows[0]['images'], rows[0]['detections']) == (3, 300)


def test_saved_detections_give_the_figures_of_the_model(tmp_path, monkeypatch):
    content, results = make_set(8)
    # Another order than that of the ids.
    content['categories'].reverse()
    for _, pred in results:
        pred['labels'] = NUM_CLASSES - 1 - pred['labels']
    ann_file = tmp_path / 'ann.json'
    ann_file.write_text(json.dumps(content))
    metric = evaluators(ann_file, results)['ours'].func.__self__
    metric.outfile_prefix = str(tmp_path / 'results')
    expected = metric.compute_metrics(results)
    assert expected['segm_mAP'] > 0
    saved = json.loads((tmp_path / 'results.mask_scores.json').read_text())
    loaded = resampled_evaluation.to_results(content, saved)
    assert [gt for gt, _ in loaded] == [gt for gt, _ in results]
    functions = evaluators(ann_file, loaded)
    assert functions['ours']() == pytest.approx(expected, nan_ok=True)
    # CocoMetric rounds to three digits.
    theirs = functions['mmdet']()
    for key in ('bbox_mAP_50', 'segm_mAP_50', 'segm_mAP_s'):
        assert theirs[key] == pytest.approx(expected[key], abs=6e-4)
    monkeypatch.setattr(resampled_evaluation, 'NUM_RESAMPLES', 2)
    rows = resampled_evaluation.measure_results(
        ann_file, tmp_path / 'results.mask_scores.json', 1
    )
    assert rows[0]['detections'] == 800
    assert np.isfinite(rows[0]['resampled_ratio'])
