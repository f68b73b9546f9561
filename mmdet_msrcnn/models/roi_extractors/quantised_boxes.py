"""Boxes in whole cells of a feature map, as RoIPool reads them.

Source: Fast R-CNN (https://arxiv.org/abs/1504.08083), section 2.1, and its
code.
"""

import torch
from torch import Tensor


def round_half_away(values: Tensor) -> Tensor:
    """Round to the nearest whole number, and halves away from zero.

    This is C's ``round``. ``torch.round`` rounds halves to even numbers.

    Args:
        values (Tensor): Finite values, any shape.

    Returns:
        Tensor: Whole numbers of the same dtype and shape.
    """
    away = values.frac().abs() >= 0.5
    return values.trunc() + torch.where(away, values.sign(), 0)


def quantise_boxes(
    boxes: Tensor, spatial_scale: float, height: int, width: int
) -> tuple[Tensor, Tensor]:
    """Round boxes to cells of a feature map.

    Both ends are rounded, and the cell of the far end belongs to the box. So
    a box has at least one cell.

    Args:
        boxes (Tensor): (x1, y1, x2, y2) in pixels, shape (K, 4).
        spatial_scale (float): Cells per pixel, such as 1 / 16.
        height (int): Rows of the feature map.
        width (int): Columns of the feature map.

    Returns:
        tuple[Tensor, Tensor]: First column and row, and one past the last
        column and row, int64 of shape (K, 4); and whether all four numbers
        of a box are finite, bool of shape (K, ). Boxes with NaN or infinity
        are the first cell. Boxes are cut where they leave the map by more
        than its own size, so that their bins stay countable.
    """
    valid = boxes.isfinite().all(dim=1)
    boxes = torch.where(valid[:, None], boxes, 0) * spatial_scale
    size = boxes.new_tensor([width, height])
    low, high = (
        round_half_away(corner).clamp(-size, 2 * size).long()
        for corner in boxes.split(2, dim=1)
    )
    return torch.cat([low, high.maximum(low) + 1], dim=1), valid
