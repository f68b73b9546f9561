"""Precision and recall of ranked detections, as in pycocotools.

Shape shorthand: C candidates, N detections, T IoU thresholds, R recall
points, K classes, A area ranges, M numbers of detections.
"""

from collections.abc import Sequence

import numpy as np

from mmdet_msrcnn.evaluation.overlaps import Overlaps
from mmdet_msrcnn.evaluation.ranking import Ranked, rank

RECALL_THRS = np.linspace(0, 1, 101)


def count_instances(overlaps: Overlaps) -> np.ndarray:
    """Count the instances that are not ignored, shape (K, A)."""
    counts = np.zeros((len(overlaps.cat_ids), overlaps.ignored.shape[1]), int)
    np.add.at(counts, overlaps.instance_classes, ~overlaps.ignored)
    return counts


def precision_table(ranked: Ranked) -> np.ndarray:
    """Compute the best precision at each recall.

    Args:
        ranked (Ranked): Detections and their matches.

    Returns:
        ndarray: Shape (T, R, K, A); -1 without instances.
    """
    num_gts = count_instances(ranked.overlaps)
    num_thrs = len(ranked.overlaps.iou_thrs)
    # Without any candidate nothing is found.
    table = np.zeros((num_thrs, len(RECALL_THRS), *num_gts.shape))
    table[:, :, num_gts == 0] = -1
    for k, (own, candidates) in enumerate(ranked.by_class()):
        found = np.cumsum(ranked.true[candidates], axis=0)
        kept = count_kept(ranked, own, candidates)
        precision = found / (kept + np.spacing(1))
        # Best precision at this or a higher recall; 0 above the highest.
        best = np.maximum.accumulate(precision[::-1], axis=0)[::-1]
        best = np.pad(best, ((0, 1), (0, 0), (0, 0)))
        for area in np.flatnonzero(num_gts[k]):
            recall = found[:, area] / num_gts[k, area]
            for t in range(num_thrs):
                reached = np.searchsorted(recall[:, t], RECALL_THRS)
                table[t, :, k, area] = best[reached, area, t]
    return table


def count_kept(ranked: Ranked, own: slice, candidates: slice) -> np.ndarray:
    """Count true and false positives down to each candidate of a class.

    Args:
        ranked (Ranked): Detections and their matches.
        own (slice): Detections of the class.
        candidates (slice): Its candidates.

    Returns:
        ndarray: Shape (C, A, T).
    """
    in_range = ranked.overlaps.in_range[ranked.rows[own]]
    places = ranked.candidates[candidates] - own.start
    totals = np.cumsum(in_range, axis=0)[places, :, None]
    # Matches decide, not the area.
    change = ranked.counted[candidates].astype(int)
    change -= in_range[places, :, None]
    return totals + np.cumsum(change, axis=0)


def recall_table(
    overlaps: Overlaps, scores: np.ndarray, max_dets: Sequence[int]
) -> np.ndarray:
    """Compute the recall at several numbers of detections.

    Args:
        overlaps (Overlaps): IoUs of boxes or masks.
        scores (ndarray): Score of each detection of the input.
        max_dets (Sequence[int]): M numbers of detections per image and class.

    Returns:
        ndarray: Shape (T, K, A, M); -1 without instances.
    """
    ranked = rank(overlaps, scores, max(max_dets))
    places = ranked.places[ranked.candidates]
    num_gts = count_instances(overlaps)
    shape = len(overlaps.iou_thrs), *num_gts.shape, len(max_dets)
    table = np.full(shape, -1.0)
    for k, (_, candidates) in enumerate(ranked.by_class()):
        defined = num_gts[k] > 0
        for i, num in enumerate(max_dets):
            true = ranked.true[candidates][places[candidates] < num]
            recall = true.sum(axis=0)[defined] / num_gts[k, defined, None]
            table[:, k, defined, i] = recall.T
    return table
