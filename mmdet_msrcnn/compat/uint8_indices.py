"""Selection of RoI features by a mask.

mmdet's StandardRoIHead selects positives with a uint8 tensor
(https://github.com/open-mmlab/mmdetection/blob/v3.3.0/mmdet/models/roi_heads/standard_roi_head.py),
which torch has deprecated in favour of bool
(https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/native/IndexingUtils.h).
This file can go when mmdet uses bool.
"""

from torch import Tensor


def to_bool(mask: Tensor | None) -> Tensor | None:
    """Convert a uint8 mask to bool.

    Args:
        mask (Tensor, optional): Not zero for selected RoIs, shape (K, ).

    Returns:
        Tensor | None: bool of shape (K, ).
    """
    return None if mask is None else mask.bool()
