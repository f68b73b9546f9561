"""Detections of a class and the instances that they match.

Shape shorthand: D detections, I images, K classes.
"""

from typing import NamedTuple

import numpy as np

from mmdet_msrcnn.evaluation.overlaps import Overlaps
from mmdet_msrcnn.evaluation.ranking import Ranked


class Matches(NamedTuple):
    """Detections of a class in falling order of the score, and their matches.

    Detections that match a crowd are left out.

    Attributes:
        scores (ndarray): Shape (D, ).
        ious (ndarray): Mask IoU with the matched instance; 0 for a false
            positive. Shape (D, ).
        images (ndarray): Index of the image, shape (D, ).
        num_gts (ndarray): Number of instances in each image, shape (I, ).
    """

    scores: np.ndarray
    ious: np.ndarray
    images: np.ndarray
    num_gts: np.ndarray


def matches_at(ranked: Ranked, iou_thr: float) -> list[Matches]:
    """Collect the matches of each class.

    Args:
        ranked (Ranked): Ranked detections.
        iou_thr (float): One of its IoU thresholds.

    Returns:
        list[Matches]: For each class.

    Raises:
        ValueError: If they were not matched at ``iou_thr``.
    """
    overlaps = ranked.overlaps
    (found,) = np.nonzero(np.isclose(overlaps.iou_thrs, iou_thr))
    if not len(found):
        raise ValueError(
            f'iou_thr must be one of {overlaps.iou_thrs.tolist()}, got '
            f'{iou_thr}'
        )
    candidates, t = ranked.candidates, found[0]
    counted = overlaps.in_range[ranked.rows, 0]
    counted[candidates] = ranked.counted[:, 0, t]
    ious = np.zeros(len(counted))
    true = ranked.true[:, 0, t]
    pairs = ranked.matches[true, 0, t]
    ious[candidates[true]] = overlaps.pairs.ious[pairs]
    images = overlaps.images[ranked.rows]
    return [
        Matches(
            ranked.scores[own][counted[own]],
            ious[own][counted[own]],
            images[own][counted[own]],
            num_gts,
        )
        for (own, _), num_gts in zip(
            ranked.by_class(), instances_by_image(overlaps), strict=True
        )
    ]


def instances_by_image(overlaps: Overlaps) -> np.ndarray:
    """Count the instances of any area, shape (K, I)."""
    shape = len(overlaps.cat_ids), len(overlaps.img_ids)
    kept = ~overlaps.ignored[:, 0]
    counts = np.zeros(shape, int)
    places = overlaps.instance_classes[kept], overlaps.instance_images[kept]
    np.add.at(counts, places, 1)
    return counts
