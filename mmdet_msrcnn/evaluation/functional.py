"""Statistics of mask scores.

Shape shorthand: D detections, G ground-truth instances, T IoU thresholds,
R recall points, K classes, A area ranges.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import pearsonr, spearmanr

# Rankings of the masks, by the key of a detection's score.
RANKINGS = {
    'class_score': 'score',
    'product': 'product_score',
    'mask_score': 'mask_score',
    'oracle': 'oracle_score',
    'starred': 'starred_score',
}
# Rankings that the share of the possible gain compares.
GAIN = ('class_score', 'mask_score', 'oracle')
STATISTICS = ('pearson', 'spearman', 'mae')
MAP_ITEMS = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')


def starred_scores(
    scores: np.ndarray, mask_ious: np.ndarray, true_ious: np.ndarray
) -> np.ndarray:
    """Compute mask scores that use the true MaskIoU if it is positive.

    This is the starred row of the paper's section 4.5. If no instance
    overlaps, the score uses the predicted MaskIoU, so it depends on the head.

    Args:
        scores (ndarray): Class scores, shape (D, ).
        mask_ious (ndarray): Predicted MaskIoU in [0, 1], shape (D, ).
        true_ious (ndarray): True MaskIoU in [0, 1], shape (D, ).

    Returns:
        ndarray: Shape (D, ).
    """
    return scores * np.where(true_ious > 0, true_ious, mask_ious)


def iou_statistics(
    mask_ious: np.ndarray, true_ious: np.ndarray
) -> dict[str, float]:
    """Compare predicted and true MaskIoU if the true one is positive.

    Args:
        mask_ious (ndarray): Predicted MaskIoU, shape (D, ).
        true_ious (ndarray): True MaskIoU, shape (D, ).

    Returns:
        dict[str, float]: ``pearson`` and ``spearman`` correlation in [-1, 1]
        and mean absolute error ``mae``; NaN if they are not defined (no
        detection; for correlations, fewer than two detections or no variance).
    """
    overlapping = true_ious > 0
    predicted, true = mask_ious[overlapping], true_ious[overlapping]
    statistics = dict.fromkeys(STATISTICS, float('nan'))
    if len(true):
        statistics['mae'] = float(np.abs(predicted - true).mean())
    if len(true) > 1 and np.ptp(predicted) > 0 and np.ptp(true) > 0:
        statistics['pearson'] = float(pearsonr(predicted, true).statistic)
        statistics['spearman'] = float(spearmanr(predicted, true).statistic)
    return statistics


def share_of_gain(
    class_score_ap: float, mask_score_ap: float, oracle_ap: float
) -> float:
    """Compute the share of the possible gain that the mask score achieves.

    The oracle knows the true MaskIoU, but not which of two detections of an
    instance is the duplicate. So it is not an upper bound: the share can be
    above 1.

    Args:
        class_score_ap (float): Mask AP ranked by class score.
        mask_score_ap (float): Mask AP ranked by mask score.
        oracle_ap (float): Mask AP ranked by class score x true MaskIoU.

    Returns:
        float: (mask score - class score) / (oracle - class score). It is
        negative if the mask score lowers AP, and NaN if the oracle is not
        above the class score, because then no gain is possible.
    """
    possible = oracle_ap - class_score_ap
    if not possible > 0:
        return float('nan')
    return (mask_score_ap - class_score_ap) / possible


def mean_precision(precision: np.ndarray) -> float:
    """Average the entries of a precision table that are defined.

    Args:
        precision (ndarray): Values in [0, 1]; -1 if there is no instance.

    Returns:
        float: In [0, 1]; -1 if no entry is defined, as in pycocotools.
    """
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else -1.0


def summarize_precision(
    precision: np.ndarray, iou_thrs: Sequence[float] | np.ndarray
) -> dict[str, float]:
    """Reduce a precision table to the six COCO figures.

    Unlike ``COCOeval.summarize``, every figure uses the same number of
    detections per image.

    Args:
        precision (ndarray): Shape (T, R, K, A). The areas are all, small,
            medium and large, or only all.
        iou_thrs (Sequence[float]): The T thresholds.

    Returns:
        dict[str, float]: ``mAP``, ``mAP_50``, ``mAP_75`` and, if the table
        has them, ``mAP_s``, ``mAP_m`` and ``mAP_l``; in [0, 1], or -1.
    """
    every = precision[..., 0]
    values = [
        every,
        every[np.isclose(iou_thrs, 0.5)],
        every[np.isclose(iou_thrs, 0.75)],
        *(precision[..., area] for area in range(1, precision.shape[-1])),
    ]
    return {
        item: mean_precision(value)
        for item, value in zip(MAP_ITEMS[: len(values)], values, strict=True)
    }
