"""Correlation of repeated values against scipy on copies of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from mmdet_msrcnn.analysis.weighted_statistics import (
    correlation,
    weighted_ranks,
    weighted_statistics,
)
from mmdet_msrcnn.evaluation.functional import STATISTICS, iou_statistics

# Few different values, so that there are ties.
IOUS = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.7, 1.0])
ROWS = st.tuples(IOUS, IOUS, st.integers(0, 3))


@given(
    rows=st.lists(ROWS, max_size=12),
    counts=st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_any_case_equals_that_of_copies(rows, counts):
    table = np.array(rows, float).reshape(-1, 3)
    images = table[:, 2].astype(int)
    found = weighted_statistics(
        table[:, 0], table[:, 1], images, np.array([counts, [1] * 4])
    )
    assert tuple(found) == STATISTICS
    for i, weights in enumerate((np.array(counts)[images], images * 0 + 1)):
        copies = np.repeat(table, weights, axis=0)
        expected = iou_statistics(copies[:, 0], copies[:, 1])
        for name, values in found.items():
            assert values.shape == (2,)
            assert values[i] == pytest.approx(
                expected[name], abs=1e-9, nan_ok=True
            )


def test_ranks_of_copies():
    places, weights = np.array([2, 0, 1, 1]), np.array([2, 1, 0, 3])
    found = np.repeat(weighted_ranks(places, weights), weights)
    assert found.tolist() == rankdata(np.repeat(places, weights)).tolist()


def test_correlation_worked_by_hand():
    rising = np.array([0.0, 1.0])
    assert correlation(rising, 1 - rising, np.ones(2)) == pytest.approx(-1)
    assert np.isnan(correlation(rising, rising, np.array([3.0, 0.0])))
