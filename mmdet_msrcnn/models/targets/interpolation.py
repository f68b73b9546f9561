"""Bilinear interpolation of masks, one axis at a time."""

import torch
from torch import Tensor
from torch.nn import functional as F


def linear_weights(at: Tensor, size: int) -> Tensor:
    """Compute the weights of a mask's rows or columns at given positions.

    Args:
        at (Tensor): Positions; 0 is the centre of the first row or column,
            shape (..., P).
        size (int): Rows or columns of the mask.

    Returns:
        Tensor: Shape (..., P, size); zero outside the mask.
    """
    distance = (at[..., None] - torch.arange(size, device=at.device)).abs_()
    return distance.neg_().add_(1).clamp_(min=0)


def interpolate_rows(masks: Tensor, at: Tensor) -> Tensor:
    """Interpolate the rows of masks at given positions.

    For many small masks this is faster than a product with
    :func:`linear_weights`, because most of these weights are zero.

    Args:
        masks (Tensor): Shape (K, size, W), size at least 2.
        at (Tensor): Positions in each mask as in :func:`linear_weights`,
            without NaN, shape (K, P).

    Returns:
        Tensor: Shape (K, P, W); zero outside the mask.
    """
    num, size, width = masks.shape
    rows = at.floor().clamp(0, size - 2)[..., None]
    rows = rows + torch.arange(2, device=at.device)
    weights = (1 - (at[..., None] - rows).abs()).clamp(min=0)
    starts = torch.arange(num, device=at.device) * size
    # Each bag sums two weighted rows.
    return F.embedding_bag(
        (starts[:, None, None] + rows.long()).flatten(0, 1),
        masks.reshape(-1, width),
        per_sample_weights=weights.flatten(0, 1),
        mode='sum',
    ).view(*at.shape, width)
