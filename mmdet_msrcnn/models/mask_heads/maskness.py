"""Mean foreground probability of a mask, alone and x class score."""

import torch
from torch import Tensor

from mmdet_msrcnn.models.targets.detection_target import HIGHEST, LOWEST


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


def product_logits(probs: Tensor, context: Tensor) -> Tensor:
    """Compute the logits of class score x maskness.

    Args:
        probs (Tensor): Foreground probabilities, shape (K, h, w).
        context (Tensor): See :meth:`MaskScoreHead.context`, shape (K, 2).

    Returns:
        Tensor: Finite logits of the products, float32, shape (K, 1).
        Foreground is a probability of 0.5 or more.
    """
    products = context[:, 0].float().sigmoid() * maskness(probs.float())
    return products.clamp(LOWEST, HIGHEST).logit()[:, None]
