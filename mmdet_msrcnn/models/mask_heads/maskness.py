"""Mean foreground probability of a mask."""

import torch
from torch import Tensor


def maskness(probs: Tensor, mask_thr: float = 0.5) -> Tensor:
    """Compute SOLO's maskness (https://arxiv.org/abs/2106.15947).

    Args:
        probs (Tensor): Foreground probabilities, shape (K, h, w).
        mask_thr (float): Probability from which a pixel is foreground.
            Defaults to 0.5.

    Returns:
        Tensor: Mean probability of the foreground, in [0, 1]; 0 if there is
        none. Shape (K, ).
    """
    foreground = probs >= mask_thr
    total = torch.where(foreground, probs, 0).sum((1, 2))
    return total / foreground.sum((1, 2)).clamp(min=1)
