"""Functions that paste predicted masks into the image.

The pixels equal mmdet's. mmdet samples each pixel of a box separately.
Bilinear interpolation is separable, so two small matrix products give the
same probabilities up to rounding. Pixels whose value could depend on rounding
are sampled as in mmdet.

Shape shorthand: N masks of size (h, w), (H, W) size of the image.
"""

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmdet_msrcnn.models.targets.interpolation import linear_weights
from mmdet_msrcnn.utils.rle import encode_window

# Larger than the rounding of coordinates and sums, which is about 1e-6.
TIE = 1e-5


def grid_of(low: Tensor, high: Tensor, image_size: int) -> Tensor:
    """Compute pixel positions relative to each box, as mmdet computes them.

    Args:
        low (Tensor): Lower box edges in pixels, shape (N, ).
        high (Tensor): Upper box edges in pixels, shape (N, ).
        image_size (int): Pixels of the image along this axis.

    Returns:
        Tensor: Positions, -1 at the lower and 1 at the upper edge, shape
        (N, image_size).
    """
    centres = torch.arange(image_size, dtype=torch.float32) + 0.5
    low, high = low[:, None], high[:, None]
    grid = (centres - low) / (high - low) * 2 - 1
    return torch.where(grid.isinf(), 0.0, grid)


def resample(probs: Tensor, grid_x: Tensor, grid_y: Tensor) -> Tensor:
    """Resample a mask on a grid, as ``F.grid_sample`` does up to rounding.

    Args:
        probs (Tensor): Shape (h, w).
        grid_x (Tensor): Positions of the columns, shape (X, ).
        grid_y (Tensor): Positions of the rows, shape (Y, ).

    Returns:
        Tensor: Shape (Y, X).
    """
    height, width = probs.shape
    x = linear_weights(((grid_x + 1) * width - 1) / 2, width)
    y = linear_weights(((grid_y + 1) * height - 1) / 2, height)
    return y @ probs @ x.T


def mask_windows(
    mask_probs: Tensor, boxes: Tensor, height: int, width: int, thr: float
) -> Iterator[tuple[Tensor, int, int]]:
    """Compute the pixels of each mask in a window around its box.

    Arguments are those of :func:`paste_masks`.

    Yields:
        tuple[Tensor, int, int]: The window, bool of shape (Y, X), and its
        first row and column in the image.
    """
    mask_probs, boxes = mask_probs.float(), boxes.float()
    grid_x = grid_of(boxes[:, 0], boxes[:, 2], width)
    grid_y = grid_of(boxes[:, 1], boxes[:, 3], height)
    # The same margin around a box as in mmdet.
    size = boxes.new_tensor([width, height])
    low, high = boxes[:, :2].floor() - 1, boxes[:, 2:].ceil() + 1
    first = low.clamp(min=0).minimum(size).int().tolist()
    last = high.clamp(min=0).minimum(size).int().tolist()
    for n, probs in enumerate(mask_probs):
        (x1, y1), (x2, y2) = first[n], last[n]
        x, y = grid_x[n, x1:x2], grid_y[n, y1:y2]
        resampled = resample(probs, x, y)
        sure, maybe = resampled >= thr + TIE, resampled >= thr - TIE
        if not torch.equal(sure, maybe):
            rows, columns = (sure ^ maybe).nonzero(as_tuple=True)
            grid = torch.stack([x[columns], y[rows]], dim=1)[None, None]
            sampled = F.grid_sample(
                probs[None, None], grid, align_corners=False
            )
            sure[rows, columns] = sampled[0, 0, 0] >= thr
        yield sure, y1, x1


def paste_masks(
    mask_probs: Tensor, boxes: Tensor, height: int, width: int, thr: float
) -> Tensor:
    """Paste masks into an empty image, on the CPU.

    Args:
        mask_probs (Tensor): Foreground probabilities, shape (N, h, w).
        boxes (Tensor): (x1, y1, x2, y2) in pixels of the image, shape (N, 4).
        height (int): Height of the image.
        width (int): Width of the image.
        thr (float): Probability from which a pixel is foreground.

    Returns:
        Tensor: bool of shape (N, height, width).
    """
    # np.zeros takes no memory until it is written to.
    pasted = torch.from_numpy(np.zeros((len(boxes), height, width), bool))
    windows = mask_windows(mask_probs, boxes, height, width, thr)
    for n, (window, top, left) in enumerate(windows):
        rows, columns = window.shape
        pasted[n, top : top + rows, left : left + columns] = window
    return pasted


def paste_rles(
    mask_probs: Tensor, boxes: Tensor, height: int, width: int, thr: float
) -> list[dict]:
    """Encode the masks of :func:`paste_masks` without pasting them.

    Arguments are those of :func:`paste_masks`.

    Returns:
        list[dict]: N RLEs, each as ``pycocotools.mask.encode`` writes it.
    """
    windows = mask_windows(mask_probs, boxes, height, width, thr)
    return [
        encode_window(window.numpy(), top, left, height, width)
        for window, top, left in windows
    ]
