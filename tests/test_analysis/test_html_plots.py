"""Plots of the report in HTML."""

import numpy as np
import pytest

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.html_plots import plots
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.analysis.score_thresholds import score_thresholds


@pytest.fixture(scope='module')
def found(protocol_case):
    coco, detections, protocol = protocol_case
    one = evaluate(coco, detections, protocol, resample_images(8, 2))
    return one, plots({'a': one, 'b': one})


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_a_curve_for_each_model_and_ranking(found):
    _, figures = found
    names = [
        f'{model}, {ranking}'
        for model in 'ab'
        for ranking in ('class score', 'class score x MaskIoU', 'mask score')
    ]
    assert len(figures) == 4
    for figure in figures.values():
        assert [trace.name for trace in figure.data] == names


def test_ap_is_that_of_the_report(found):
    one, figures = found
    curves = traces(figures['Mask AP against the IoU threshold'])
    ap = curves['a, mask score'].y
    assert np.mean(ap) == pytest.approx(100 * one.figures.mask_score, abs=0.01)
    precision = traces(figures['Precision against recall'])['a, mask score'].y
    assert np.mean(precision) == pytest.approx(
        one.figures.mask_score, abs=1e-4
    )


def test_best_f1_is_that_of_the_thresholds(found):
    one, figures = found
    pooled = score_thresholds(one.masks)['mask_score']['pooled']
    best = pooled['f1']['0.5']
    curve = traces(figures['F1 against the score threshold'])['a, mask score']
    i = int(np.argmax(curve.y))
    assert curve.y[i] == pytest.approx(best['f1'], abs=1e-4)
    assert curve.x[i] == pytest.approx(best['threshold'], abs=1e-4)


def test_dots_are_detections(found):
    one, figures = found
    dots = traces(figures['Score against true MaskIoU'])['a, class score']
    pairs = {
        (round(det['true_iou'], 3), round(det['score'], 3))
        for det in one.masks.detections
    }
    assert set(zip(dots.x, dots.y, strict=True)) <= pairs
    assert len(dots.x) == len(one.masks.detections)
