"""RLEs of windows are pycocotools' of whole masks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as mask_utils

from mmdet_msrcnn.utils.rle import encode_window

BORDERS = st.tuples(*[st.integers(0, 2)] * 4)


def encode(window, top, left, height, width) -> dict:
    whole = np.zeros((height, width), np.uint8, order='F')
    rows, columns = window.shape
    whole[top : top + rows, left : left + columns] = window
    return mask_utils.encode(whole)


# Density of the foreground; 1 fills whole columns, whose runs join.
@given(
    size=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    borders=BORDERS,
    density=st.sampled_from([0, 0.2, 0.8, 1]),
    seed=st.integers(0, 9),
)
def test_any_window(size, borders, density, seed):
    top, left, bottom, right = borders
    height, width = top + size[0] + bottom, left + size[1] + right
    window = np.random.default_rng(seed).random(size) < density
    args = window, top, left, height, width
    assert encode_window(*args) == encode(*args)


@pytest.mark.parametrize('scale', [1, 300])
def test_large_image(scale):
    # Counts of several letters each.
    window = np.random.default_rng(0).random((9, 7)) > 0.5
    window = window.repeat(scale, axis=0).repeat(scale, axis=1)
    args = window, 3, 2, 3000, 4000
    assert encode_window(*args) == encode(*args)
