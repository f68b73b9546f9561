"""Cutting run-length encodings, against pycocotools."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as mask_utils

from mmdet_msrcnn.models.rle import _read, _write, cut_columns


@pytest.mark.parametrize(
    'number', [0, 1, 15, 16, 31, 32, 511, 512, 10**7, -1, -16, -17, -(10**6)]
)
def test_numbers_are_read_as_written(number):
    assert _read(_write(number)) == number


def test_codes_are_those_of_pycocotools():
    # One run of background: its length is the only number.
    for height in (1, 15, 16, 1000, 123456):
        mask = np.zeros((height, 1), np.uint8, order='F')
        assert mask_utils.encode(mask)['counts'] == _write(height)


@settings(max_examples=60, deadline=None)
@given(
    density=st.floats(0.01, 0.99),
    size=st.tuples(st.integers(1, 40), st.integers(1, 60)),
    margins=st.tuples(st.integers(0, 50), st.integers(0, 50)),
    seed=st.integers(0, 100),
)
def test_columns_in_use_stay(density, size, margins, seed):
    inner = np.random.default_rng(seed).random(size) < density
    inner[-1, [0, -1]] = True
    mask = np.pad(inner, ((0, 0), margins)).astype(np.uint8, order='F')
    rle = mask_utils.encode(mask)
    first, last = margins[0], margins[0] + size[1]
    cut = cut_columns(rle, first, last)
    assert np.array_equal(mask_utils.decode(cut), inner)
