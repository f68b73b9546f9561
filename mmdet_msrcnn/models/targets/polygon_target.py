"""Targets of the mask head from polygons, which are drawn inside each box.

The targets equal those of mmdet's ``mask_target`` bit for bit. mmdet moves
every polygon into its box and draws it with ``size`` pixels per axis, with
several calls for each box. Here pycocotools draws all of them in one call.

Shape shorthand: K boxes, N instances.
"""

import numpy as np
import torch
from mmdet.structures.mask import PolygonMasks
from pycocotools import mask as mask_utils
from torch import Tensor


def are_polygons(masks: object) -> bool:
    """Return whether :func:`polygon_targets` takes these masks.

    mmdet rounds polygons of whole numbers to cells of the target, and
    pycocotools takes four numbers for a box.
    """
    return isinstance(masks, PolygonMasks) and all(
        part.dtype == np.float64 and part.size % 2 == 0 and part.size > 4
        for parts in masks.masks
        for part in parts
    )


def polygon_targets(
    gt_masks: PolygonMasks, boxes: Tensor, inds: Tensor, size: int
) -> Tensor:
    """Compute the targets of the mask head from polygons.

    Args:
        gt_masks (:obj:`PolygonMasks`): The N instances; see
            :func:`are_polygons`.
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
    edges = boxes.float().nan_to_num(0).cpu().numpy()
    image = np.array([gt_masks.width, gt_masks.height] * 2, np.float32)
    edges = edges.clip(0, image)
    sides = np.maximum(edges[:, 2:] - edges[:, :2], 1)
    # As in mmdet, where numpy 1 divides by a float32 in double precision.
    scales = size / sides.astype((size / np.float32(1)).dtype)

    points = [
        [part.reshape(-1, 2) for part in parts] for parts in gt_masks.masks
    ]
    own = [points[i] for i in inds.tolist()]
    moved = [
        ((part - low) * scale).ravel()
        for parts, low, scale in zip(own, edges[:, :2], scales, strict=True)
        for part in parts
    ]
    drawn = mask_utils.decode(mask_utils.frPyObjects(moved, size, size))
    drawn = drawn.transpose(2, 0, 1)
    if len(moved) > len(boxes):
        firsts = np.cumsum([0, *map(len, own[:-1])])
        drawn = np.maximum.reduceat(drawn, firsts)
    return torch.from_numpy(drawn).to(boxes.device, torch.float32)
