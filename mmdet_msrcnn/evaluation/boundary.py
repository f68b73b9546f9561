"""Boundary IoU of masks.

A mask can have a high IoU and a poor outline, which the boundary IoU sees:
https://arxiv.org/abs/2103.16562 (Cheng et al., CVPR 2021). As there, a pair
has the lower one of its mask IoU and its boundary IoU.

Shape shorthand: P pairs.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation.overlaps import Overlaps, cap
from mmdet_msrcnn.evaluation.pairs import Pairs
from mmdet_msrcnn.utils.progress import track_long
from mmdet_msrcnn.utils.rle import encode_window

# Width of the boundary over the diagonal of the image.
WIDTH = 0.02
KERNEL = np.ones((3, 3), np.uint8)


def mask_boundary(rle: dict) -> dict:
    """Keep the pixels of a mask that are near its outline.

    Args:
        rle (dict): The mask.

    Returns:
        dict: RLE of the pixels whose distance (the larger one of rows and
        columns) to a pixel outside of the mask is at most 2 % of the image
        diagonal, at least 1 pixel. The image border is outside.
    """
    height, width = rle['size']
    x, y, w, h = mask_utils.toBbox(rle).astype(int)
    window = mask_utils.decode(rle)[y : y + h, x : x + w]
    if not window.size:
        return rle
    distance = max(1, round(WIDTH * float(np.hypot(height, width))))
    inner = cv2.erode(
        window,
        KERNEL,
        iterations=distance,
        borderType=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    return encode_window(window > inner, y, x, height, width)


def boundary_overlaps(
    overlaps: Overlaps, masks: Sequence[dict], truth: Sequence[dict]
) -> Overlaps:
    """Lower the IoU of each pair to its boundary IoU, if that is lower.

    Args:
        overlaps (Overlaps): IoUs of masks.
        masks (Sequence[dict]): RLEs of its detections, in its order.
        truth (Sequence[dict]): RLEs of its instances, in its order.

    Returns:
        Overlaps: With the pairs that still reach the lowest threshold. The
        true MaskIoUs and the areas are those of the masks.
    """
    starts, instances, ious = overlaps.pairs
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    outlines: dict[int, dict] = {}
    lower = ious.copy()
    pairs = zip(rows.tolist(), instances.tolist(), strict=True)
    row, own = -1, {}
    for i, (det, gt) in enumerate(track_long(list(pairs), 'Boundary IoU')):
        # Pairs of a detection follow each other.
        if det != row:
            row, own = det, mask_boundary(masks[det])
        if gt not in outlines:
            outlines[gt] = mask_boundary(truth[gt])
        crowd = [int(overlaps.crowds[gt])]
        ((iou,),) = mask_utils.iou([own], [outlines[gt]], crowd)
        lower[i] = min(lower[i], iou)
    (kept,) = np.nonzero(lower >= cap(overlaps.iou_thrs).min())
    order = kept[np.lexsort((-instances[kept], -lower[kept], rows[kept]))]
    starts = np.searchsorted(rows[order], np.arange(len(starts)))
    return overlaps._replace(
        pairs=Pairs(starts, instances[order], lower[order])
    )
