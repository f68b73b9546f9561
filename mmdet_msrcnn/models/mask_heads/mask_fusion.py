"""Ways to combine mask and RoI feature (paper, section 3.2).

Shape shorthand: K RoIs, C channels, M masks of each RoI (one per class, or 1
if the class is already chosen), (h, w) mask size, (H, W) feature size.

Each design is one function and one row of ``FUSIONS``. The functions take

- mask_feats (Tensor): RoI features, shape (K, C, H, W);
- mask_probs (Tensor): foreground probabilities in [0, 1], shape
  (K, M, h, w), h and w multiples of H and W;
- labels (Tensor): class of each RoI, shape (K, );

and return the input of the MaskIoU head's convolutions, shape (K, ., H, W).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

Size = tuple[int, int]


def select_by_label(per_class: Tensor, labels: Tensor) -> Tensor:
    """Select the values of each RoI's own class.

    Args:
        per_class (Tensor): Shape (K, num_classes, ...), or (K, 1, ...) from a
            class-agnostic head.
        labels (Tensor): Class of each RoI, shape (K, ).

    Returns:
        Tensor: Shape (K, ...).
    """
    if per_class.shape[1] == 1:
        return per_class[:, 0]
    # labels.shape, because len() cannot be exported.
    rois = torch.arange(labels.shape[0], device=labels.device)
    return per_class[rois, labels]


def pool_masks(mask_feats: Tensor, mask_probs: Tensor) -> Tensor:
    """Max-pool masks to the size of the RoI feature, in its dtype."""
    # adaptive_max_pool2d has no deterministic backward on CUDA.
    *_, h, w = mask_probs.shape
    *_, height, width = mask_feats.shape
    kernel = pool_kernel((h, w), (height, width))
    return F.max_pool2d(mask_probs, kernel).to(mask_feats.dtype)


def pool_kernel(mask_size: Size, feat_size: Size) -> Size:
    """Compute the kernel size that pools masks to the RoI feature's size.

    Args:
        mask_size (tuple[int, int]): (h, w).
        feat_size (tuple[int, int]): (H, W).

    Returns:
        tuple[int, int]: (h / H, w / W).

    Raises:
        ValueError: If these are not whole numbers.
    """
    if any(m % f for m, f in zip(mask_size, feat_size, strict=True)):
        (h, w), (height, width) = mask_size, feat_size
        raise ValueError(
            f'The size of the mask, {h}x{w}, must be a multiple of the size '
            f'of the RoI feature, {height}x{width}. Set '
            'mask_iou_head.roi_feat_size and output_size of its RoI '
            'extractor to a divisor of the size of the mask.'
        )
    return mask_size[0] // feat_size[0], mask_size[1] // feat_size[1]


def target_mask_only(
    mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
) -> Tensor:
    """Return the pooled target-class mask, without the RoI feature."""
    target_mask = select_by_label(mask_probs, labels)
    return pool_masks(mask_feats, target_mask[:, None])


def concat_target_mask(
    mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
) -> Tensor:
    """Concatenate the target-class mask: design (a), (d) for equal sizes."""
    target_mask = target_mask_only(mask_feats, mask_probs, labels)
    return torch.cat([mask_feats, target_mask], dim=1)


def multiply_target_mask(
    mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
) -> Tensor:
    """Multiply by the pooled target-class mask: design (b)."""
    return mask_feats * target_mask_only(mask_feats, mask_probs, labels)


def concat_all_masks(
    mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
) -> Tensor:
    """Concatenate the pooled masks of all classes: design (c)."""
    return torch.cat([mask_feats, pool_masks(mask_feats, mask_probs)], dim=1)


class Fusion(NamedTuple):
    """One design of the MaskIoU head's input.

    Attributes:
        fuse (Callable): See the module's docstring.
        num_channels (Callable): Number of output channels, given the channels
            of the RoI feature and the number of classes.
        all_masks (bool): Whether ``fuse`` needs the masks of all classes.
        unpooled (bool): Whether the RoI feature has the size of the mask;
            the head's first convolution then has stride 2.
    """

    fuse: Callable[[Tensor, Tensor, Tensor], Tensor]
    num_channels: Callable[[int, int], int]
    all_masks: bool = False
    unpooled: bool = False


FUSIONS = {
    'concat': Fusion(concat_target_mask, lambda c, n: c + 1),
    'multiply': Fusion(multiply_target_mask, lambda c, n: c),
    'all_masks': Fusion(concat_all_masks, lambda c, n: c + n, all_masks=True),
    # The stride keeps the cost at that of 'concat'.
    'hr_roi': Fusion(concat_target_mask, lambda c, n: c + 1, unpooled=True),
    'mask_only': Fusion(target_mask_only, lambda c, n: 1),
}
