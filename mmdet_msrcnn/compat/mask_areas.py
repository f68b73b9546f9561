"""Areas of more than 255 masks.

pycocotools' ``area`` makes an array of one byte that should hold the number of
masks, and NumPy 2 refuses numbers above 255
(https://github.com/ppwwyyxx/cocoapi/blob/master/PythonAPI/pycocotools/_mask.pyx).
Can go when ``pycocotools.mask.area`` takes 256 masks.
"""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_utils

MOST = 255


def mask_areas(rles: Sequence[dict]) -> np.ndarray:
    """Count the pixels of masks.

    Args:
        rles (Sequence[dict]): Masks as run lengths.

    Returns:
        ndarray: uint32 of shape (n, ).
    """
    blocks = (rles[i : i + MOST] for i in range(0, len(rles), MOST))
    areas = [mask_utils.area(block) for block in blocks]
    return np.concatenate([np.zeros(0, np.uint32), *areas])
