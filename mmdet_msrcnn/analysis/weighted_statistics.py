"""Correlation and error of predicted IoUs, with images that are repeated.

Shape shorthand: B resamples, I images, D detections.
"""

import numpy as np

from mmdet_msrcnn.evaluation.functional import STATISTICS

NAN = float('nan')


def weighted_statistics(
    mask_ious: np.ndarray,
    true_ious: np.ndarray,
    images: np.ndarray,
    counts: np.ndarray,
) -> dict[str, np.ndarray]:
    """Compute :func:`iou_statistics` of resampled images.

    Args:
        mask_ious (ndarray): Predicted MaskIoU, shape (D, ).
        true_ious (ndarray): True MaskIoU, shape (D, ).
        images (ndarray): Index of the image, shape (D, ).
        counts (ndarray): How often each image was drawn, shape (B, I).

    Returns:
        dict[str, ndarray]: ``pearson``, ``spearman`` and ``mae`` of each
        resample, shape (B, ).
    """
    kept = true_ious > 0
    images = images[kept]
    pairs = np.stack([mask_ious[kept], true_ious[kept]])
    # Equal values have equal places.
    places = np.stack([np.unique(v, return_inverse=True)[1] for v in pairs])
    rows = [_statistics(pairs, places, row[images]) for row in counts]
    table = np.array(rows).reshape(-1, len(STATISTICS))
    return dict(zip(STATISTICS, table.T, strict=True))


def _statistics(
    pairs: np.ndarray, places: np.ndarray, counts: np.ndarray
) -> tuple[float, float, float]:
    """Compute the statistics of one resample.

    Args:
        pairs (ndarray): Predicted and true IoU, shape (2, n).
        places (ndarray): Places of both among the sorted different values,
            shape (2, n).
        counts (ndarray): Number of repetitions, shape (n, ).

    Returns:
        tuple[float, float, float]: The ``STATISTICS``.
    """
    weights = counts.astype(float)
    num = weights.sum()
    if not num:
        return NAN, NAN, NAN
    mae = float(weights @ np.abs(pairs[0] - pairs[1]) / num)
    first, second = (weighted_ranks(own, weights) for own in places)
    spearman = correlation(first, second, weights)
    # Ranks have no rounding errors, so they show whether values differ.
    if np.isnan(spearman):
        return NAN, NAN, mae
    return correlation(pairs[0], pairs[1], weights), spearman, mae


def weighted_ranks(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Compute the ranks of repeated values; equal ones share the mean rank.

    Args:
        places (ndarray): Places of the values among the sorted different
            values, shape (n, ).
        weights (ndarray): Number of repetitions, shape (n, ).

    Returns:
        ndarray: Shape (n, ).
    """
    totals = np.bincount(places, weights)
    return (np.cumsum(totals) - (totals - 1) / 2)[places]


def correlation(
    first: np.ndarray, second: np.ndarray, weights: np.ndarray
) -> float:
    """Compute the correlation of repeated values.

    Args:
        first (ndarray): Values, shape (n, ).
        second (ndarray): Values, shape (n, ).
        weights (ndarray): Number of repetitions, shape (n, ).

    Returns:
        float: Pearson correlation in [-1, 1]; NaN without variance.
    """
    num = weights.sum()
    first = first - weights @ first / num
    second = second - weights @ second / num
    weighted = weights * first
    scale = np.sqrt((weighted @ first) * ((weights * second) @ second))
    if not scale:
        return NAN
    return float(np.clip(weighted @ second / scale, -1, 1))
