"""How the predicted mask joins the RoI feature (paper, section 3.2).

Shape shorthand: K RoIs, C channels, (h, w) mask size, (H, W) feature size.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def concat_target_mask(mask_feats: Tensor, mask_probs: Tensor) -> Tensor:
    """Design (a): max-pool the target-class mask and concatenate it.

    Args:
        mask_feats (Tensor): RoI features, shape (K, C, H, W).
        mask_probs (Tensor): Foreground probabilities of each RoI's own class
            in [0, 1], shape (K, h, w). h and w are multiples of H and W.

    Returns:
        Tensor: Shape (K, C + 1, H, W).
    """
    pooled = F.adaptive_max_pool2d(mask_probs[:, None], mask_feats.shape[-2:])
    return torch.cat([mask_feats, pooled.to(mask_feats.dtype)], dim=1)
