"""Peak memory of a call."""

import numpy as np
import pytest

from mmdet_msrcnn.lab.benchmarks.memory import peak_memory

SIZE = 200_000_000


def test_memory_that_is_given_back_counts():
    peak = peak_memory(lambda: np.ones(SIZE, np.uint8).sum())
    if peak is None:
        pytest.skip('the system does not tell the peak memory of a process')
    assert 0.9 * SIZE < peak < 1.5 * SIZE
    assert peak_memory(lambda: None) < 0.1 * SIZE
