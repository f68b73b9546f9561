"""Pairs of boxes or masks of the same image and class that overlap.

Shape shorthand: D detections, G instances, P pairs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.compat.mask_areas import mask_areas
from mmdet_msrcnn.utils.progress import track_long

# Boxes of shape (n, 4), or masks as RLE.
Shapes = np.ndarray | list[dict]


class Grouped(NamedTuple):
    """Shapes that are sorted by their group, which is an image and a class.

    Attributes:
        shapes (ndarray | list[dict]): Boxes or masks.
        groups (ndarray): Group of each, rising, shape (n, ).
    """

    shapes: Shapes
    groups: np.ndarray


class Pairs(NamedTuple):
    """Pairs, sorted by detection, then falling IoU.

    Of equal IoUs the later instance is first, as pycocotools prefers it.

    Attributes:
        starts (ndarray): First pair of each detection, shape (D + 1, ).
        instances (ndarray): Instance of each pair, shape (P, ).
        ious (ndarray): IoU of each pair; with a crowd, over the area of the
            detection. Shape (P, ).
    """

    starts: np.ndarray
    instances: np.ndarray
    ious: np.ndarray


def stack(shapes: list) -> Shapes:
    """Return boxes as an array of shape (n, 4), and masks unchanged."""
    if shapes and isinstance(shapes[0], dict):
        return shapes
    return np.array(shapes, float).reshape(-1, 4)


def areas_of(shapes: Shapes) -> np.ndarray:
    """Compute the areas of boxes or masks, shape (n, )."""
    if isinstance(shapes, np.ndarray):
        return shapes[:, 2] * shapes[:, 3]
    return mask_areas(shapes)


def find_pairs(
    detections: Grouped,
    instances: Grouped,
    crowds: np.ndarray,
    lowest: float,
    check_sizes: Callable[[int, list[dict], list[dict]], None],
) -> tuple[Pairs, np.ndarray]:
    """Compute the IoUs within each group.

    Args:
        detections (Grouped): D detections.
        instances (Grouped): G instances.
        crowds (ndarray): Whether each instance is a crowd, shape (G, ).
        lowest (float): Lowest IoU of a pair.
        check_sizes (Callable): Refuses masks of different sizes; gets the
            index of an instance of the group, and the masks of the group.

    Returns:
        tuple[Pairs, ndarray]: The pairs; for each detection its largest IoU
        with an instance that is no crowd, shape (D, ).
    """
    common = np.intersect1d(detections.groups, instances.groups)
    bounds = np.stack(
        [
            np.searchsorted(one.groups, common, side)
            for one in (detections, instances)
            for side in ('left', 'right')
        ],
        axis=1,
    )
    true_ious = np.zeros(len(detections.groups))
    columns: list[tuple] = [(np.zeros(0, int), np.zeros(0, int), np.zeros(0))]
    for first, last, low, high in track_long(bounds.tolist(), 'IoU'):
        masks, truth = (
            detections.shapes[first:last],
            instances.shapes[low:high],
        )
        if isinstance(masks, list) and isinstance(truth, list):
            check_sizes(low, masks, truth)
        is_crowd = crowds[low:high]
        ious = mask_utils.iou(masks, truth, is_crowd.astype(np.uint8))
        if not is_crowd.all():
            true_ious[first:last] = ious[:, ~is_crowd].max(axis=1)
        rows, places = np.nonzero(ious >= lowest)
        columns.append((rows + first, places + low, ious[rows, places]))
    rows, found, ious = map(np.concatenate, zip(*columns, strict=True))
    order = np.lexsort((-found, -ious, rows))
    starts = np.searchsorted(rows[order], np.arange(len(true_ious) + 1))
    return Pairs(starts, found[order], ious[order]), true_ious
