"""Plots of mask scores."""

import cv2
import numpy as np
import pytest

from mmdet_msrcnn.analysis.score_plots import (
    plot_precision,
    plot_reliability,
    plot_score_vs_iou,
    reliability,
)


def detections(num: int) -> list[dict]:
    rng = np.random.default_rng(0)
    keys = ('score', 'mask_iou', 'true_iou')
    return [dict(zip(keys, rng.random(3), strict=True)) for _ in range(num)]


def test_reliability_by_hand():
    predicted = np.array([0.0, 0.05, 0.55, 0.59, 1.0])
    true = np.array([0.2, 0.4, 0.5, 0.7, 0.9])
    counts, mean_predicted, mean_true = reliability(predicted, true)
    assert counts.tolist() == [2, 0, 0, 0, 0, 2, 0, 0, 0, 1]
    assert mean_true[[0, 5, 9]] == pytest.approx([0.3, 0.6, 0.9])
    assert mean_predicted[[0, 5, 9]] == pytest.approx([0.025, 0.57, 1.0])
    assert np.isnan(mean_true[1])


# many detections, one, none
@pytest.mark.parametrize('num', [200, 1, 0])
def test_scores_against_the_truth(tmp_path, num):
    plot_score_vs_iou(detections(num), tmp_path / 'plot.png')
    height, width = cv2.imread(str(tmp_path / 'plot.png')).shape[:2]
    assert width == 2 * height


def test_reliability_plot(tmp_path):
    plot_reliability(detections(200), tmp_path / 'plot.png')
    assert cv2.imread(str(tmp_path / 'plot.png')) is not None


def test_precision_plot(tmp_path):
    rng = np.random.default_rng(0)
    precisions = {
        name: rng.random((10, 101, 3, 4)) for name in ('class_score', 'oracle')
    }
    # a class without an instance
    precisions['oracle'][:, :, 1] = -1
    plot_precision(
        precisions,
        np.linspace(0.5, 0.95, 10),
        np.linspace(0, 1, 101),
        tmp_path / 'plot.png',
    )
    assert cv2.imread(str(tmp_path / 'plot.png')) is not None
