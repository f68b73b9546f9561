"""Pasting of predicted masks into an image."""

import numpy as np


def paste(
    probs: np.ndarray, box: np.ndarray, height: int, width: int, thr: float
) -> np.ndarray:
    """Paste a mask into an empty image, as mmdet does.

    Args:
        probs (np.ndarray): Foreground probabilities within the box, shape
            (h, w).
        box (np.ndarray): (x1, y1, x2, y2) in pixels of the image.
        height (int): Height of the image.
        width (int): Width of the image.
        thr (float): Probability from which a pixel is foreground.

    Returns:
        np.ndarray: bool of shape (height, width); empty if a coordinate is NaN
        or infinite.
    """
    mask = np.zeros((height, width), bool)
    if not np.isfinite(box).all():
        return mask
    x1, y1, x2, y2 = box.astype(np.float32)
    columns, across = _weights(x1, x2, width, probs.shape[1])
    rows, down = _weights(y1, y2, height, probs.shape[0])
    mask[rows, columns] = down @ probs @ across.T >= thr
    return mask


def _weights(
    low: np.float32, high: np.float32, size: int, cells: int
) -> tuple[slice, np.ndarray]:
    """Compute how pixels near a box sample the cells of its mask.

    Args:
        low (float): Lower edge of the box.
        high (float): Upper edge of the box.
        size (int): Pixels of the image along this axis.
        cells (int): Cells of the mask along this axis.

    Returns:
        tuple[slice, np.ndarray]: The pixels, and their weights for bilinear
        interpolation with zeros outside, shape (pixels, cells).
    """
    # The same margin around a box as in mmdet.
    first = int(np.clip(np.floor(low) - 1, 0, size))
    last = int(np.clip(np.ceil(high) + 1, first, size))
    centres = np.arange(first, last, dtype=np.float32) + np.float32(0.5)
    with np.errstate(divide='ignore', invalid='ignore'):
        places = (centres - low) / (high - low) * cells - np.float32(0.5)
    # A box without extent: mmdet samples the middle of the mask.
    places[~np.isfinite(places)] = cells / 2 - 0.5
    distances = np.abs(places[:, None] - np.arange(cells, dtype=np.float32))
    return slice(first, last), np.maximum(1 - distances, 0)
