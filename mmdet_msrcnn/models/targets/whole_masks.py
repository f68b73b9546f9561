"""Masks of whole images: their boxes, crops and IoUs.

Shape shorthand: n masks of (H, W), the size of the image.
"""

import torch
from mmdet.structures.bbox import get_box_tensor
from mmdet.structures.mask import mask2bbox
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.compat.mmcv_ops import roi_align
from mmdet_msrcnn.models.targets.gt_masks import GtMasks

# Samples per axis of a cell, at most. One for each pixel would take a second
# for a mask of 4000 x 4000 pixels.
MAX_SAMPLES = 4


def mask_boxes(results: InstanceData) -> Tensor:
    """Return the boxes of detections; those of the masks if they have none.

    Args:
        results (:obj:`InstanceData`): Detections of an image, with ``masks``
            of shape (n, H, W). ``bboxes`` may be missing, or empty as in
            SOLO. Boxes with NaN or infinity count as empty.

    Returns:
        Tensor: float32 (x1, y1, x2, y2), all 0 if box and mask are empty,
        shape (n, 4).
    """
    masks = results.masks
    boxes = masks.new_zeros((len(masks), 4), dtype=torch.float32)
    if 'bboxes' in results:
        boxes = get_box_tensor(results.bboxes).float().clone()
    finite = boxes.isfinite().all(dim=1)
    empty = ~finite | (boxes[:, 2:] <= boxes[:, :2]).any(dim=1)
    if empty.any():
        boxes[empty] = mask2bbox(masks[empty]).to(boxes)
    return boxes


def pixel_windows(boxes: Tensor, height: int, width: int) -> list[list[int]]:
    """Compute the pixels that RoIAlign reads for boxes.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (n, 4).
        height (int): H.
        width (int): W.

    Returns:
        list[list[int]]: (x1, y1, x2, y2) of each box within the image, x2 and
        y2 not included; at least one pixel.
    """
    size = boxes.new_tensor([width, height])
    # It interpolates with the neighbours of the pixels that a box touches.
    low = (boxes[:, :2].floor() - 1).clamp(min=0).minimum(size - 1)
    high = (boxes[:, 2:].ceil() + 1).minimum(size).maximum(low + 1)
    return torch.cat([low, high], dim=1).long().tolist()


def crop_masks(masks: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Resample masks into their boxes by RoIAlign.

    Args:
        masks (Tensor): bool of shape (n, H, W).
        boxes (Tensor): (x1, y1, x2, y2) in pixels, shape (n, 4).
        size (int): Height and width of the crops.

    Returns:
        Tensor: float32 share of the foreground in each cell, in [0, 1], shape
        (n, size, size).
    """
    crops = masks.new_zeros((len(masks), size, size), dtype=torch.float32)
    windows = pixel_windows(boxes, *masks.shape[1:])
    sides = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1).tolist()
    # A crop of the image is small, a stack of whole images in float32 is not.
    for n, (x1, y1, x2, y2) in enumerate(windows):
        window = masks[n, y1:y2, x1:x2].float()[None, None]
        corner = boxes.new_tensor([x1, y1, x1, y1])
        roi = torch.cat([boxes.new_zeros(1), boxes[n] - corner])[None]
        # 0 is a sample for each pixel.
        large = sides[n] > MAX_SAMPLES * size
        samples = MAX_SAMPLES if large else 0
        crops[n] = roi_align(
            window, roi, (size, size), 1.0, samples, 'avg', True
        )
    return crops.clamp(0, 1)


def whole_mask_ious(
    masks: Tensor, gt_inds: Tensor, gt_masks: GtMasks
) -> Tensor:
    """Compute the IoU of masks with one instance each, over all pixels.

    Args:
        masks (Tensor): bool of shape (n, H, W).
        gt_inds (Tensor): Instance of each mask, shape (n, ).
        gt_masks (GtMasks): Instances of the image, not smaller than (H, W).

    Returns:
        Tensor: float32 in [0, 1], 0 if one of the masks is empty, shape
        (n, ).
    """
    areas = masks.flatten(1).sum(dim=1).float()
    overlaps = torch.zeros_like(areas)
    windows = mask2bbox(masks).long().tolist()
    for n, (x1, y1, x2, y2) in enumerate(windows):
        if x2 > x1 and y2 > y1:
            rows = torch.arange(y1, y2, device=masks.device)[None]
            columns = torch.arange(x1, x2, device=masks.device)[None]
            truth = gt_masks.sample(gt_inds[n : n + 1], rows, columns)[0]
            overlaps[n] = (truth & masks[n, y1:y2, x1:x2]).sum()
    unions = areas + gt_masks.areas[gt_inds] - overlaps
    return overlaps / unions.clamp(min=1)
