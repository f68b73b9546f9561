"""Peak memory of a call."""

import numpy as np
import pytest

from mmdet_msrcnn.lab.benchmarks.memory import peak_memory, peak_so_far

SIZE = 200_000_000


def test_memory_that_is_given_back_counts():
    peak = peak_memory(lambda: np.ones(SIZE, np.uint8).sum())
    if peak is None:
        pytest.skip('the system does not tell the peak memory of a process')
    assert 0.9 * SIZE < peak < 1.5 * SIZE
    assert peak_memory(lambda: None) < 0.1 * SIZE


def test_peak_so_far_does_not_fall():
    before = peak_so_far()
    if before is None:
        pytest.skip('the system does not tell the peak memory of a process')
    assert before > 1e7
    np.ones(SIZE, np.uint8).sum()
    assert peak_so_far() >= before
