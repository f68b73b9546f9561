"""Target of the MaskIoU head: IoU with the *whole* ground-truth instance.

Shape shorthand: K RoIs, N ground-truth instances, (h, w) size of the
predicted masks, (H, W) size of the image, S samples per axis and RoI.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from mmdet_msrcnn.models.targets.gt_masks import GtMasks
from mmdet_msrcnn.models.targets.interpolation import interpolate_rows

MAX_SAMPLES = 56


class AxisSamples(NamedTuple):
    """Pixels sampled along one axis of K boxes.

    Attributes:
        pixels (Tensor): Pixel indices within the image, shape (K, S).
        positions (Tensor): Positions of these pixels in the predicted mask; 0
            is the centre of its first row or column, -1 fills up boxes with
            fewer than S samples, shape (K, S).
        step (Tensor): Number of pixels that one sample represents, shape
            (K, ).
    """

    pixels: Tensor
    positions: Tensor
    step: Tensor


def sample_axis(
    low: Tensor, high: Tensor, image_size: int, mask_size: int
) -> AxisSamples:
    """Choose at most 56 evenly spaced pixel centres between low and high.

    Args:
        low (Tensor): Lower box edges in pixels, shape (K, ).
        high (Tensor): Upper box edges in pixels, shape (K, ).
        image_size (int): Pixels of the image along this axis.
        mask_size (int): Size of the predicted mask along this axis.

    Returns:
        AxisSamples: The sampled pixels.
    """
    first = (low - 0.5).ceil().clamp(min=0)
    last = (high - 0.5).floor().clamp(max=image_size - 1)
    count = (last - first + 1).clamp(min=0)
    step = (count / MAX_SAMPLES).clamp(min=1)
    k = torch.arange(MAX_SAMPLES, device=low.device)
    pixels = first[:, None] + ((k + 0.5) * step[:, None]).floor()
    inside = k < count[:, None]

    size = (high - low).clamp(min=torch.finfo(low.dtype).tiny)
    u = (pixels + 0.5 - low[:, None]) / size[:, None] * mask_size - 0.5
    # At -1, outside the mask, the probability is zero.
    u = torch.where(inside, u, -1.0)
    return AxisSamples(pixels.clamp(0, image_size - 1).long(), u, step)


@torch.no_grad()
def mask_iou_target(
    mask_probs: Tensor,
    boxes: Tensor,
    gt_inds: Tensor,
    gt_masks: GtMasks,
    mask_thr: float = 0.5,
) -> Tensor:
    """Compute the IoU of predicted masks with their whole instances.

    Both masks are sampled at up to 56 x 56 pixel centres inside the box. The
    full area of the instance counts, also outside the box.

    Args:
        mask_probs (Tensor): Foreground probabilities of the true class in
            [0, 1], shape (K, h, w), h and w at least 2.
        boxes (Tensor): (x1, y1, x2, y2) in pixels of the network's input,
            shape (K, 4). May lie partly or wholly outside the image.
        gt_inds (Tensor): Instance of each box, in [0, N), shape (K, ).
        gt_masks (GtMasks): The N instances of the image.
        mask_thr (float): Probability from which a pixel is foreground.
            Defaults to 0.5.

    Returns:
        Tensor: float32 in [0, 1] of shape (K, ); 0 if the IoU is not
        defined (an instance without area, a box without pixels, or a box
        with NaN or infinity).
    """
    if len(boxes) == 0:
        return boxes.new_zeros((0,), dtype=torch.float32)
    # Treat boxes with NaN or infinity as empty.
    finite = boxes.isfinite().all(dim=1, keepdim=True)
    boxes = torch.where(finite, boxes.float(), 0.0)
    height, width = gt_masks.size
    with torch.autocast(boxes.device.type, enabled=False):
        x = sample_axis(boxes[:, 0], boxes[:, 2], width, mask_probs.shape[2])
        y = sample_axis(boxes[:, 1], boxes[:, 3], height, mask_probs.shape[1])
        columns = interpolate_rows(mask_probs.float().mT, x.positions)
        resampled = interpolate_rows(columns.mT, y.positions)
    pred = resampled >= mask_thr
    truth = gt_masks.sample(gt_inds, y.pixels, x.pixels)

    pixels_per_sample = x.step * y.step
    overlap = (pred & truth).sum((1, 2)) * pixels_per_sample
    pred_area = pred.sum((1, 2)) * pixels_per_sample
    gt_area = gt_masks.areas[gt_inds]
    union = pred_area + gt_area - overlap
    iou = (overlap / union.clamp(min=1)).clamp(0, 1)
    return torch.where(gt_area > 0, iou, 0.0)
