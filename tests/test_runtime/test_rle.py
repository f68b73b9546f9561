"""The encoder gives what pycocotools gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msrcnn_runtime.rle import encode
from pycocotools import mask as coco_mask

from tests.helpers import ellipse_masks


def expected(mask):
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return dict(size=rle['size'], counts=rle['counts'].decode())


@given(arrays(bool, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_any_mask(mask):
    assert encode(mask) == expected(mask)


@pytest.mark.parametrize('value', [False, True])
@pytest.mark.parametrize('size', [(1, 1), (1, 5000), (3000, 2000)])
def test_long_runs(value, size):
    mask = np.full(size, value)
    assert encode(mask) == expected(mask)


def test_shapes():
    for mask in ellipse_masks(5, 300, 400).astype(bool):
        assert encode(mask) == expected(mask)
        assert encode(~mask) == expected(~mask)
