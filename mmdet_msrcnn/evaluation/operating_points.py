"""Score thresholds, and precision and recall of what they keep.

A detection is kept if its score is at least the threshold. Everything here is
about the detections of one class, matched with its instances at one IoU
threshold.

Shape shorthand: I images.
"""

from typing import NamedTuple

import numpy as np

from mmdet_msrcnn.evaluation.matches import Matches

NAN = float('nan')


class OperatingPoint(NamedTuple):
    """What a threshold keeps; NaN where it is undefined.

    Attributes:
        threshold (float): Lowest score that is kept.
        precision (float): True positives / detections kept, in [0, 1]. 1 if
            none is kept.
        recall (float): True positives / instances, in [0, 1].
        f1 (float): Harmonic mean of both, in [0, 1].
    """

    threshold: float
    precision: float
    recall: float
    f1: float


class LRP(NamedTuple):
    """Localisation recall precision error of a threshold; lower is better.

    From Oksuz et al., "Localization Recall Precision (LRP): A New Performance
    Metric for Object Detection" (ECCV 2018), with mask IoU.

    Attributes:
        threshold (float): Lowest score that is kept.
        error (float): The LRP error, in [0, 1].
        localisation (float): Mean of 1 - IoU over true positives, in [0, 1].
        false_positives (float): 1 - precision.
        false_negatives (float): 1 - recall.
    """

    threshold: float
    error: float
    localisation: float
    false_positives: float
    false_negatives: float


def at_threshold(
    matches: Matches, threshold: float, counts: np.ndarray | None = None
) -> OperatingPoint:
    """Compute precision and recall of what a threshold keeps.

    Args:
        matches (Matches): Matches of a class.
        threshold (float): Lowest score that is kept.
        counts (ndarray, optional): How often each image counts, shape (I, ),
            for resamples. Defaults to once.

    Returns:
        OperatingPoint: NaN without instances.
    """
    if counts is None:
        counts = np.ones(len(matches.num_gts), int)
    num_gts = float(counts @ matches.num_gts)
    if not num_gts:
        return UNDEFINED
    kept = matches.scores >= threshold
    weights = counts[matches.images[kept]]
    true, total = float(weights @ (matches.ious[kept] > 0)), weights.sum()
    return OperatingPoint(
        float(threshold),
        true / total if total else 1.0,
        true / num_gts,
        2 * true / (total + num_gts),
    )


def operating_points(matches: Matches) -> np.ndarray:
    """Compute the operating point of every threshold, from high to low.

    Args:
        matches (Matches): Matches of a class.

    Returns:
        ndarray: A row for each different score, with the columns of
        :class:`OperatingPoint`, shape (P, 4). None without instances.
    """
    num_gts = matches.num_gts.sum()
    if not num_gts:
        return np.zeros((0, 4))
    ends = _ends(matches)
    true = np.cumsum(matches.ious > 0)[ends]
    kept = ends + 1
    return np.stack(
        [
            matches.scores[ends],
            true / kept,
            true / num_gts,
            2 * true / (kept + num_gts),
        ],
        axis=1,
    )


def _ends(matches: Matches) -> np.ndarray:
    """Index of the last detection of each different score."""
    scores = matches.scores
    return np.nonzero(np.append(scores[1:] < scores[:-1], len(scores) > 0))[0]


def _best(points: np.ndarray, column: str) -> OperatingPoint:
    """Choose the point with the largest value; of equal ones, the first."""
    if not len(points):
        return UNDEFINED
    best = points[:, OperatingPoint._fields.index(column)].argmax()
    return OperatingPoint(*points[best].tolist())


def best_f1(matches: Matches) -> OperatingPoint:
    """Find the threshold of the best F1; of equal ones, the highest.

    Args:
        matches (Matches): Matches of a class.

    Returns:
        OperatingPoint: NaN without instances. Without a true positive F1 and
        recall are 0, and there is no threshold (NaN).
    """
    if not matches.num_gts.any():
        return UNDEFINED
    points = operating_points(matches)
    best = _best(points[points[:, 3] > 0], 'f1')
    return OperatingPoint(NAN, NAN, 0.0, 0.0) if best is UNDEFINED else best


def at_recall(matches: Matches, recall: float) -> OperatingPoint:
    """Find the best precision with at least a given recall.

    Args:
        matches (Matches): Matches of a class.
        recall (float): In [0, 1].

    Returns:
        OperatingPoint: NaN if the recall is not reached.
    """
    points = operating_points(matches)
    return _best(points[points[:, 2] >= recall], 'precision')


def at_precision(matches: Matches, precision: float) -> OperatingPoint:
    """Find the best recall with at least a given precision.

    Args:
        matches (Matches): Matches of a class.
        precision (float): In [0, 1].

    Returns:
        OperatingPoint: NaN if the precision is not reached.
    """
    points = operating_points(matches)
    return _best(points[points[:, 1] >= precision], 'recall')


UNDEFINED = OperatingPoint(NAN, NAN, NAN, NAN)


def calibration_error(matches: Matches, num_bins: int = 10) -> float:
    """Compute the expected calibration error of the scores.

    A score is calibrated if, of the detections with a score of s, the share s
    is a true positive (Guo et al., "On Calibration of Modern Neural Networks",
    ICML 2017).

    Args:
        matches (Matches): Matches of a class; scores in [0, 1].
        num_bins (int): Number of bins of equal width. Defaults to 10.

    Returns:
        float: Mean over detections of \\|mean score - precision\\| of their
        bin, in [0, 1]. NaN without detections.
    """
    if not len(matches.scores):
        return NAN
    bins = np.minimum((matches.scores * num_bins).astype(int), num_bins - 1)
    excess = matches.scores - (matches.ious > 0)
    sums = np.bincount(bins, excess, minlength=num_bins)
    return float(np.abs(sums).sum() / len(bins))


def optimal_lrp(matches: Matches, iou_thr: float) -> LRP:
    """Find the threshold of the lowest LRP error; of equal ones the highest.

    Args:
        matches (Matches): Matches of a class at ``iou_thr``.
        iou_thr (float): IoU threshold of a true positive, below 1.

    Returns:
        LRP: NaN without instances; without a detection, the error 1.
    """
    num_gts = float(matches.num_gts.sum())
    if not num_gts:
        return LRP(NAN, NAN, NAN, NAN, NAN)
    ends = _ends(matches)
    true = np.cumsum(matches.ious > 0)[ends]
    distances = np.where(matches.ious > 0, 1 - matches.ious, 0)
    distance = np.cumsum(distances)[ends]
    # Detections kept, and instances missed.
    kept, missed = ends + 1, num_gts - true
    errors = distance / (1 - iou_thr) + kept - true + missed
    errors = errors / (kept + missed)
    if not (errors < 1).any():
        return LRP(NAN, 1.0, NAN, NAN, 1.0)
    i = int(errors.argmin())
    return LRP(
        float(matches.scores[ends[i]]),
        float(errors[i]),
        float(distance[i] / true[i]),
        float(1 - true[i] / kept[i]),
        float(missed[i] / num_gts),
    )
