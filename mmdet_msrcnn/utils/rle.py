"""COCO's run-length encoding of masks."""

import numpy as np
from pycocotools import mask as mask_utils


def encode_window(
    window: np.ndarray, top: int, left: int, height: int, width: int
) -> dict:
    """Encode a mask that is empty outside of a window.

    The result equals ``pycocotools.mask.encode`` of the whole mask, which is
    not created.

    Args:
        window (ndarray): bool of shape (h, w).
        top (int): First row of the window in the image.
        left (int): First column of the window in the image.
        height (int): Height of the image, at least ``top + h``.
        width (int): Width of the image, at least ``left + w``.

    Returns:
        dict: RLE with ``size`` (height, width) and ``counts`` (bytes).
    """
    columns = np.pad(window.T, ((0, 0), (1, 1)))
    column, row = np.nonzero(columns[:, 1:] != columns[:, :-1])
    # Where runs begin and end, counted down the columns of the image.
    edges = (left + column) * height + top + row
    # A run that reaches the lower border goes on in the next column.
    joined = np.flatnonzero(edges[1:] == edges[:-1])
    edges = np.delete(edges, np.concatenate([joined, joined + 1]))
    counts = np.diff(edges, prepend=0, append=height * width)
    # pycocotools writes no empty last run.
    if len(edges) and edges[-1] == height * width:
        counts = counts[:-1]
    rle = dict(size=[height, width], counts=counts.tolist())
    return mask_utils.frPyObjects(rle, height, width)
