"""Statistics of mask scores against scipy and hand-worked cases."""

import numpy as np
import pytest
from scipy import stats

from mmdet_msrcnn.evaluation.functional import (
    iou_statistics,
    mean_precision,
    oracle_scores,
    share_of_gain,
    summarize_precision,
)


def test_oracle_takes_the_truth_where_it_is_positive():
    scores = oracle_scores(
        np.array([0.5, 0.5]), np.array([0.8, 0.8]), np.array([0.2, 0.0])
    )
    assert scores.tolist() == pytest.approx([0.1, 0.4])


def test_share_of_gain():
    assert share_of_gain(0.549, 0.559, 0.601) == pytest.approx(10 / 52)
    assert share_of_gain(0.5, 0.4, 0.6) == pytest.approx(-1)
    assert share_of_gain(0.5, 0.5, 0.5) == 0


def test_iou_statistics_leave_out_detections_without_overlap():
    rng = np.random.default_rng(0)
    true = rng.random(50)
    predicted = (true + rng.normal(0, 0.2, 50)).clip(0, 1)
    expected = dict(
        pearson=stats.pearsonr(predicted, true).statistic,
        spearman=stats.spearmanr(predicted, true).statistic,
        mae=np.abs(predicted - true).mean(),
    )
    found = iou_statistics(
        np.append(predicted, [0.9, 0.9]), np.append(true, [0, 0])
    )
    assert found == pytest.approx(expected)


# nothing, one detection, no variance
@pytest.mark.parametrize('true', [[], [0.5], [0.5, 0.5]])
def test_iou_statistics_where_correlation_is_not_defined(true):
    true = np.array(true)
    found = iou_statistics(true + 0.25, true)
    mae = 0.25 if len(true) else 0
    assert found == dict(pearson=0.0, spearman=0.0, mae=mae)


def test_mean_precision_leaves_out_undefined_entries():
    assert mean_precision(np.array([0.5, -1, 0.7])) == pytest.approx(0.6)
    assert mean_precision(np.array([-1.0])) == -1


def test_summarize_precision_picks_thresholds_and_areas():
    precision = np.zeros((3, 1, 1, 4))
    precision[..., 0] = np.array([0.9, 0.6, 0.3]).reshape(3, 1, 1)
    precision[..., 1:] = np.array([0.1, 0.2, -1])
    found = summarize_precision(precision, [0.5, 0.75, 0.95])
    assert found == pytest.approx(
        dict(mAP=0.6, mAP_50=0.9, mAP_75=0.6, mAP_s=0.1, mAP_m=0.2, mAP_l=-1)
    )
