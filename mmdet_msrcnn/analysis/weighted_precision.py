"""AP of a data set that has each image several times.

It equals that of pycocotools on such a data set, except for the order of
equal scores. Nothing is matched or sorted again: drawing an image twice does
not change the order of the detections. The best precision at a recall is
reached at the last of several equal true positives.

Shape shorthand: B resamples, I images, K classes, N detections of a class, C
candidates, T IoU thresholds.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from mmdet_msrcnn.evaluation.matches import instances_by_image
from mmdet_msrcnn.evaluation.precision import RECALL_THRS
from mmdet_msrcnn.evaluation.ranking import Ranked
from mmdet_msrcnn.utils.progress import track_long

# Weights that are computed at once, so that they stay in the cache.
BLOCK = 2**18


class RankedClass(NamedTuple):
    """Detections of a class by falling score, of any area.

    Attributes:
        images (ndarray): Index of the image, shape (N, ).
        candidates (ndarray): Indices of the candidates, shape (C, ).
        true (ndarray): Whether these are true positives, shape (C, T).
        ignored (ndarray): Whether they are neither true nor false positives,
            shape (C, T).
    """

    images: np.ndarray
    candidates: np.ndarray
    true: np.ndarray
    ignored: np.ndarray


def classes_of(ranked: Ranked) -> Iterator[RankedClass]:
    """Yield the detections of each class, down to its last candidate."""
    for own, candidates in ranked.by_class():
        places = ranked.candidates[candidates] - own.start
        num = places[-1] + 1 if len(places) else 0
        rows = ranked.rows[own][:num]
        yield RankedClass(
            ranked.overlaps.images[rows],
            places,
            ranked.true[candidates, 0],
            ~ranked.counted[candidates, 0],
        )


def weighted_precisions(
    rankings: Mapping[str, Ranked], counts: np.ndarray, text: str = 'Bootstrap'
) -> dict[str, np.ndarray]:
    """Average the precision over classes, IoU thresholds and recalls.

    Args:
        rankings (Mapping[str, Ranked]): The same detections by each ranking.
        counts (ndarray): How often each image was drawn, int32 of shape
            (B, I).
        text (str): Text of the progress bar. Defaults to 'Bootstrap'.

    Returns:
        dict[str, ndarray]: By ranking, in [0, 1], over the classes with
        instances; NaN without instances. Shape (B, ).
    """
    overlaps = next(iter(rankings.values())).overlaps
    num_gts = counts @ instances_by_image(overlaps).T
    sums = {name: np.zeros(len(counts)) for name in rankings}
    columns = zip(*map(classes_of, rankings.values()), strict=True)
    for k, own in enumerate(track_long(list(columns), text)):
        # Thresholds that the recall reaches with so many true positives.
        recalls = np.arange(num_gts[:, k].max() + 1)
        recalls = recalls / np.maximum(num_gts[:, k, None], 1)
        reached = np.searchsorted(RECALL_THRS, recalls, side='right').astype(
            np.uint8
        )
        for name, one in zip(rankings, own, strict=True):
            step = max(1, BLOCK // max(len(one.images), 1))
            for i in range(0, len(counts), step):
                block = slice(i, i + step)
                sums[name][block] += _sum(one, counts[block], reached[block])
    num_classes = np.count_nonzero(num_gts, axis=1)
    num = num_classes * len(overlaps.iou_thrs) * len(RECALL_THRS)
    with np.errstate(invalid='ignore'):
        return {name: values / num for name, values in sums.items()}


def _sum(
    one: RankedClass, counts: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    """Add up the precision over IoU thresholds and recalls.

    Args:
        one (RankedClass): Detections.
        counts (ndarray): How often each image was drawn, shape (B, I).
        reached (ndarray): How many of ``RECALL_THRS`` a number of true
            positives reaches, uint8 of shape (B, G).

    Returns:
        ndarray: Shape (B, ).
    """
    # Not [:, images], whose result is not contiguous.
    weights = np.take(counts, one.images, axis=1)
    kept = np.cumsum(weights, axis=1, dtype=np.int32)
    kept = np.take(kept, one.candidates, axis=1)
    weights = np.take(weights, one.candidates, axis=1)
    total = np.zeros(len(counts))
    for true, ignored in zip(one.true.T, one.ignored.T, strict=True):
        down_to = kept
        if ignored.any():
            down_to = kept - np.cumsum(weights * ignored, axis=1)
        (places,) = np.nonzero(true)
        if len(places):
            down_to, found = (
                np.take(x, places, axis=1) for x in (down_to, weights)
            )
            total += _area(np.cumsum(found, axis=1), down_to, reached)
    return total


def _area(
    found: np.ndarray, kept: np.ndarray, reached: np.ndarray
) -> np.ndarray:
    """Add up the best precision at each recall.

    Args:
        found (ndarray): True positives down to each true positive, shape
            (B, n).
        kept (ndarray): Detections down to each, shape (B, n).
        reached (ndarray): See :func:`_sum`.

    Returns:
        ndarray: Shape (B, ).
    """
    num, width = reached.shape
    places = found + width * np.arange(num, dtype=np.int32)[:, None]
    steps = np.take(reached, places)
    precision = found / (kept + np.spacing(1))
    # Best of those that reach the same recall.
    first = np.ones(steps.shape, bool)
    np.not_equal(steps[:, 1:], steps[:, :-1], out=first[:, 1:])
    starts = np.flatnonzero(first)
    best = np.zeros((num, len(RECALL_THRS) + 1))
    rows = starts // steps.shape[1]
    best[rows, steps.ravel()[starts]] = np.maximum.reduceat(
        precision.ravel(), starts
    )
    # Best at this or a higher recall.
    best = np.maximum.accumulate(best[:, ::-1], axis=1)
    return best[:, :-1].sum(axis=1)
