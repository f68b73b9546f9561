"""Statistics of mask scores against scipy and hand-worked cases."""

import math

import numpy as np
import pytest
from scipy import stats

from mmdet_msrcnn.evaluation.functional import (
    iou_statistics,
    mean_precision,
    share_of_gain,
    starred_scores,
    summarize_precision,
)


def test_starred_row_takes_the_truth_where_it_is_positive():
    scores = starred_scores(
        np.array([0.5, 0.5]), np.array([0.8, 0.8]), np.array([0.2, 0.0])
    )
    assert scores.tolist() == pytest.approx([0.1, 0.4])


@pytest.mark.parametrize(
    ('aps', 'share'),
    [
        ((0.549, 0.559, 0.601), 10 / 52),
        # the mask score harms
        ((0.5, 0.4, 0.6), -1),
        # it takes nothing, all, more than the oracle
        ((0.5, 0.5, 0.6), 0),
        ((0.5, 0.6, 0.6), 1),
        ((0.5, 0.7, 0.6), 2),
    ],
)
def test_share_of_gain(aps, share):
    assert share_of_gain(*aps) == pytest.approx(share)


@pytest.mark.parametrize(
    'aps',
    [
        # no room: the mask score harms, changes nothing, gains
        (0.5, 0.4, 0.5),
        (0.5, 0.5, 0.5),
        (0.5, 0.6, 0.5),
        # the oracle is below the class score
        (0.5, 0.4, 0.45),
        (0.5, 0.6, 0.45),
        # AP is not defined
        (-1, -1, -1),
        (math.nan, math.nan, math.nan),
    ],
)
def test_share_of_no_gain_is_not_defined(aps):
    assert math.isnan(share_of_gain(*aps))


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


@pytest.mark.parametrize(
    ('true', 'mae'),
    [
        # no detection, no overlap, one detection, no variance
        ([], math.nan),
        ([0, 0], math.nan),
        ([0.5], 0.25),
        ([0.5, 0.5], 0.25),
    ],
)
def test_iou_statistics_that_are_not_defined(true, mae):
    true = np.array(true)
    found = iou_statistics(true + 0.25, true)
    nan = math.nan
    expected = dict(pearson=nan, spearman=nan, mae=mae)
    assert found == pytest.approx(expected, nan_ok=True)


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
