"""Masks are pasted as by mmdet."""

import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from msrcnn_runtime.paste import paste

SIZE = 70, 90
BOXES = {
    'inside': [10.2, 20.7, 60.1, 55.4],
    'whole image': [0, 0, 90, 70],
    'small': [30.1, 30.2, 31.0, 30.9],
    'crosses the edge': [-20, -10, 40, 30],
    'without extent': [20, 20, 20, 40],
}


@pytest.mark.parametrize('name', BOXES)
def test_pixels_are_those_of_mmdet(name):
    generator = np.random.default_rng(0)
    box = np.array(BOXES[name], 'f4')
    differing = 0
    for size in (28, 14):
        probs = generator.random((size, size), 'f4')
        pasted, where = _do_paste_mask(
            torch.from_numpy(probs)[None, None],
            torch.from_numpy(box)[None],
            *SIZE,
        )
        expected = np.zeros(SIZE, bool)
        expected[where] = (pasted[0] >= 0.5).numpy()
        found = paste(probs, box, *SIZE, 0.5)
        assert found.dtype == bool
        differing += (found != expected).sum()
        if name != 'small':
            assert found.any()
    # Rounding at the threshold
    assert differing <= 1


@pytest.mark.parametrize(
    'box', [[0, 0, np.nan, 10], [0, 0, np.inf, 10], [100, 100, 140, 130]]
)
def test_a_box_outside_or_not_finite_has_no_pixel(box):
    found = paste(np.ones((28, 28), 'f4'), np.array(box, 'f4'), *SIZE, 0.5)
    assert found.shape == SIZE
    assert not found.any()
