"""Areas of any number of masks."""

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.compat.mask_areas import mask_areas


@pytest.mark.parametrize('num', [0, 1, 255, 256, 600])
def test_areas(num):
    pixels = np.zeros((30, 30, num), np.uint8, order='F')
    for i in range(num):
        pixels.reshape(900, num, order='F')[:i, i] = 1
    areas = mask_areas(mask_utils.encode(pixels) if num else [])
    assert areas.tolist() == list(range(num))
