"""Detections of a class and the instances that they match.

Shape shorthand: D detections, I images.
"""

from typing import NamedTuple

import numpy as np

from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval


class Matches(NamedTuple):
    """Detections of a class in falling order of the score, and their matches.

    Detections that match ignored regions are left out.

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


def matches_at(coco_eval: RankedCOCOeval, iou_thr: float) -> list[Matches]:
    """Collect the matches of each class under the last evaluated ranking.

    Args:
        coco_eval (RankedCOCOeval): Evaluator, after ``precision_by``.
        iou_thr (float): One of its IoU thresholds.

    Returns:
        list[Matches]: For each of ``params.catIds``.

    Raises:
        ValueError: If it did not evaluate at ``iou_thr``.
    """
    params = coco_eval.params
    (found,) = np.nonzero(np.isclose(params.iouThrs, iou_thr))
    if not len(found):
        raise ValueError(
            f'iou_thr must be one of {params.iouThrs.tolist()}, got {iou_thr}'
        )
    shape = len(params.catIds), len(params.areaRng), len(params.imgIds)
    table = np.empty(len(coco_eval.evalImgs), dtype=object)
    table[:] = coco_eval.evalImgs
    return [
        _matches(coco_eval, row, found[0])
        for row in table.reshape(shape)[:, 0]
    ]


def _matches(
    coco_eval: RankedCOCOeval, results: np.ndarray, t: int
) -> Matches:
    """Collect the matches of one class at the IoU threshold of index ``t``."""
    num_gts = np.zeros(len(results), int)
    columns: list[tuple] = [(np.zeros(0), np.zeros(0), np.zeros(0, int))]
    for i, result in enumerate(results):
        if result is None:
            continue
        num_gts[i] = np.sum(np.asarray(result['gtIgnore']) == 0)
        counted = ~result['dtIgnore'][t].astype(bool)
        ious = coco_eval.matched_ious(result, t)[counted]
        scores = np.array(result['dtScores'])[counted]
        columns.append((scores, ious, np.full(len(ious), i)))
    scores, ious, images = map(np.concatenate, zip(*columns, strict=True))
    order = np.argsort(-scores, kind='mergesort')
    return Matches(scores[order], ious[order], images[order], num_gts)
