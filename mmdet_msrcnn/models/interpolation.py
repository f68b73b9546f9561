"""Bilinear interpolation of masks, one axis at a time."""

import torch
from torch import Tensor


def linear_weights(at: Tensor, size: int) -> Tensor:
    """Weights of the rows or columns of a mask at some positions.

    Args:
        at (Tensor): Positions; 0 is the centre of the first row or column,
            shape (..., P).
        size (int): Rows or columns of the mask.

    Returns:
        Tensor: Shape (..., P, size); zero outside the mask.
    """
    distance = (at[..., None] - torch.arange(size, device=at.device)).abs_()
    return distance.neg_().add_(1).clamp_(min=0)
