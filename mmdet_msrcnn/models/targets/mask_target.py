"""Targets of the mask head: ground truth resampled inside each box.

The targets equal those of mmdet's ``mask_target`` bit for bit. mmdet copies
the whole mask of an instance, as floats, for each of its boxes. RoIAlign with
average pooling is separable, so two small matrix products on the part of the
mask inside the box give the same sums.

Shape shorthand: K boxes, N instances, (H, W) size of the image, S samples.
"""

import torch
from torch import Tensor

from mmdet_msrcnn.compat.mmcv_ops import roi_align
from mmdet_msrcnn.models.targets.gt_masks import GtMasks

# Much larger than the rounding of the sums, which is about 1e-6.
TIE = 1e-4


def axis_weights(
    low: Tensor, high: Tensor, image_size: int, bins: int
) -> tuple[Tensor, Tensor]:
    """Compute RoIAlign's weights along one axis, as RoIAlign computes them.

    Args:
        low (Tensor): Lower box edges in pixels, float32, shape (K, ).
        high (Tensor): Upper box edges in pixels, shape (K, ).
        image_size (int): Pixels of the image along this axis.
        bins (int): Number of bins along this axis.

    Returns:
        tuple[Tensor, Tensor]: Sums of the bilinear weights of the samples of
        each bin, shape (K, bins, image_size), and samples per bin, shape
        (K, ).
    """
    start = low - 0.5
    length = (high - 0.5) - start
    width = length / bins
    num = width.ceil()
    k = torch.arange(max(int(num.max()), 1), device=low.device)
    offset = (k + 0.5) * width[:, None] / num.clamp(min=1)[:, None]
    edges = torch.arange(bins, device=low.device) * width[:, None]
    at = start[:, None, None] + edges[..., None] + offset[:, None]
    counts = (k < num[:, None])[:, None] & (at >= -1) & (at <= image_size)
    at = at.clamp(min=0)
    left = at.floor().clamp(max=image_size - 1)
    share = at - left
    right = (left + 1).clamp(max=image_size - 1)
    weights = low.new_zeros(len(low), bins, image_size)
    weights.scatter_add_(2, left.long(), (1 - share) * counts)
    weights.scatter_add_(2, right.long(), share * counts)
    return weights, num


def resample(masks: Tensor, boxes: Tensor, inds: Tensor, size: int) -> Tensor:
    """Compute the mean foreground in the bins of each box, on the CPU.

    Args:
        masks (Tensor): uint8 masks, shape (N, H, W).
        boxes (Tensor): (x1, y1, x2, y2) inside the image, shape (K, 4).
        inds (Tensor): Instance of each box, shape (K, ).
        size (int): Number of bins per axis.

    Returns:
        Tensor: In [0, 1], equal to RoIAlign's except for the order of the
        sums, shape (K, size, size).
    """
    height, width = masks.shape[1:]
    x, num_x = axis_weights(boxes[:, 0], boxes[:, 2], width, size)
    y, num_y = axis_weights(boxes[:, 1], boxes[:, 3], height, size)
    # Samples lie up to half a pixel before a box and use the next pixel.
    first = (boxes[:, :2] - 1).floor().clamp(min=0).int().tolist()
    last = (boxes[:, 2:] + 2).ceil().int().tolist()
    sums = boxes.new_empty(len(boxes), size, size)
    for k, n in enumerate(inds.tolist()):
        (x1, y1), (x2, y2) = first[k], last[k]
        part = masks[n, y1:y2, x1:x2].float()
        sums[k] = y[k, :, y1:y2] @ part @ x[k, :, x1:x2].T
    return sums / (num_x * num_y).clamp(min=1)[:, None, None]


def mask_targets(
    gt_masks: GtMasks, boxes: Tensor, inds: Tensor, size: int
) -> Tensor:
    """Compute the targets of the mask head.

    Args:
        gt_masks (GtMasks): The N instances, from bitmaps.
        boxes (Tensor): (x1, y1, x2, y2) in pixels, shape (K, 4).
        inds (Tensor): Instance of each box, in [0, N), shape (K, ).
        size (int): Height and width of the targets.

    Returns:
        Tensor: 0 or 1, float32, shape (K, size, size); on the device of the
        boxes.
    """
    if len(boxes) == 0:
        return boxes.new_zeros((0, size, size), dtype=torch.float32)
    # Treat boxes with NaN as empty.
    boxes = boxes.float().nan_to_num(0).clamp(min=0)
    height, width = gt_masks.size
    boxes[:, 0::2].clamp_(max=width)
    boxes[:, 1::2].clamp_(max=height)
    gt = gt_masks.bitmaps()
    if boxes.device.type == 'cpu':
        means = _means_on_cpu(gt, boxes, inds, size)
    else:
        means = _roi_align(gt, boxes, inds, size)
    return (means >= 0.5).float()


def _means_on_cpu(
    gt: Tensor, boxes: Tensor, inds: Tensor, size: int
) -> Tensor:
    """Compute :func:`_roi_align` on the CPU, exactly for values near 0.5."""
    means = resample(gt, boxes, inds, size)
    # Near 0.5 the order of the sums could decide, so run RoIAlign itself.
    ties = ((means - 0.5).abs() < TIE).flatten(1).any(dim=1)
    for k in ties.nonzero()[:, 0].tolist():
        own = gt[inds[k], None]
        means[k] = _roi_align(own, boxes[k, None], inds.new_zeros(1), size)[0]
    return means


def _roi_align(
    masks: Tensor, boxes: Tensor, inds: Tensor, size: int
) -> Tensor:
    """Run RoIAlign as mmdet does, with one copy of each instance."""
    rois = torch.cat([inds[:, None].float(), boxes], dim=1)
    args = (masks[:, None].float(), rois, size, 1.0, 0, 'avg', True)
    return roi_align(*args)[:, 0]
