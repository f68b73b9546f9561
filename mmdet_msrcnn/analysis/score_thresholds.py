"""Score thresholds of a model, and how well given ones do.

Thresholds that are chosen on the images that they are reported on look too
good. Choose them on other images, such as held-back training images.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mmdet_msrcnn.analysis.bootstrap import interval
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.matches import Matches, matches_at
from mmdet_msrcnn.evaluation.operating_points import (
    at_precision,
    at_recall,
    at_threshold,
    best_f1,
    calibration_error,
    optimal_lrp,
)
from mmdet_msrcnn.utils.score_thresholds import check_classes, chosen

# The true IoU is in the others.
RANKINGS = ('class_score', 'product', 'mask_score')
IOU_THRS = (0.5, 0.75)
# Of precision at a given recall, and the other way round; at IoU 0.5.
GIVEN = (0.5, 0.7, 0.9)


def rankings_of(masks: MaskEvaluation) -> dict[str, str]:
    """List the rankings that a program can use, with their score keys."""
    found = masks.rankings
    return {name: found[name] for name in RANKINGS if name in found}


def can_cut(masks: MaskEvaluation) -> bool:
    """Return whether the IoU thresholds include those of F1."""
    return bool(np.isin(IOU_THRS, masks.iou_thrs.round(6)).all())


def score_thresholds(masks: MaskEvaluation) -> dict[str, dict]:
    """Find the score thresholds of each ranking and class.

    Args:
        masks (MaskEvaluation): Evaluation of the model, with the IoU
            thresholds 0.5 and 0.75.

    Returns:
        dict[str, dict]: For each ranking ``classes``, which maps names to
        :func:`class_figures`, and ``pooled``, the same for all classes
        together.
    """
    found = {}
    for ranking, key in rankings_of(masks).items():
        ranked = masks.ranked_by(key)
        at = [matches_at(ranked, iou_thr) for iou_thr in IOU_THRS]
        found[ranking] = dict(
            classes={
                name: class_figures(own)
                for name, *own in zip(names_of(masks), *at, strict=True)
            },
            pooled=class_figures([pool(matches) for matches in at]),
        )
    return found


def names_of(masks: MaskEvaluation) -> list[str]:
    """Return the class names, in the order of the evaluation."""
    cats = masks.coco.loadCats(masks.cat_ids)
    return [cat['name'] for cat in cats]


def pool(matches: Sequence[Matches]) -> Matches:
    """Put the matches of all classes together."""
    columns = zip(*(own[:3] for own in matches), strict=True)
    scores, ious, images = map(np.concatenate, columns)
    order = np.argsort(-scores, kind='mergesort')
    num_gts = np.sum([own.num_gts for own in matches], axis=0)
    return Matches(scores[order], ious[order], images[order], num_gts)


def class_figures(matches: Sequence[Matches]) -> dict[str, Any]:
    """Collect the figures of a class under a ranking.

    Args:
        matches (Sequence[Matches]): At each of ``IOU_THRS``.

    Returns:
        dict[str, Any]: ``f1``, by IoU threshold, the point of the best F1;
        at IoU 0.5 ``precision_at_recall`` and ``recall_at_precision``, by the
        given figure, ``calibration_error`` and ``lrp``.
    """
    first = matches[0]
    return dict(
        f1={
            str(iou_thr): best_f1(own)._asdict()
            for iou_thr, own in zip(IOU_THRS, matches, strict=True)
        },
        precision_at_recall={
            str(given): at_recall(first, given)._asdict() for given in GIVEN
        },
        recall_at_precision={
            str(given): at_precision(first, given)._asdict() for given in GIVEN
        },
        calibration_error=calibration_error(first),
        lrp=optimal_lrp(first, IOU_THRS[0])._asdict(),
    )


def f1_at(
    masks: MaskEvaluation, thresholds: dict[str, dict], samples: np.ndarray
) -> dict[str, dict]:
    """Compute the F1 that given thresholds reach.

    Args:
        masks (MaskEvaluation): Evaluation of the model, on other images
            than those that the thresholds were chosen on.
        thresholds (dict[str, dict]): From :func:`score_thresholds`.
        samples (ndarray): Resamples of the images, shape (B, I).

    Returns:
        dict[str, dict]: By IoU threshold, for each ranking, and for each
        other ranking minus the class score: ``f1``, the mean over classes
        with instances, in [0, 1], and its 95 % ``interval``.

    Raises:
        ValueError: If a class or a ranking has no threshold.
    """
    rankings = rankings_of(masks)
    missing = rankings.keys() - thresholds.keys()
    if missing:
        raise ValueError(
            f'there are no thresholds for the ranking {min(missing)}, only '
            f'for {sorted(thresholds)}. Choose them with the same model.'
        )
    num = len(masks.img_ids)
    counts = [np.bincount(sample, minlength=num) for sample in samples]
    found: dict[str, dict] = {}
    values: dict[tuple, np.ndarray] = {}
    for ranking, key in rankings.items():
        ranked = masks.ranked_by(key)
        names = names_of(masks)
        for iou_thr in IOU_THRS:
            by_name = chosen(thresholds[ranking], iou_thr)
            check_classes({ranking: by_name}, names, ranking)
            own = [by_name[name] for name in names]
            matches = matches_at(ranked, iou_thr)
            every = [None, *counts]
            values[ranking, iou_thr] = np.array(
                [mean_f1(matches, own, weights) for weights in every]
            )
    base, *others = rankings
    for iou_thr in IOU_THRS:
        rows = {r: values[r, iou_thr] for r in rankings}
        for other in others:
            rows[f'{other} - {base}'] = rows[other] - rows[base]
        found[str(iou_thr)] = {
            name: dict(f1=float(row[0]), interval=interval(row[1:]))
            for name, row in rows.items()
        }
    return found


def mean_f1(
    matches: Sequence[Matches],
    thresholds: Sequence[float],
    counts: np.ndarray | None = None,
) -> float:
    """Average the F1 over the classes that have instances.

    Args:
        matches (Sequence[Matches]): Of each class.
        thresholds (Sequence[float]): Of each class.
        counts (ndarray, optional): See :func:`at_threshold`.

    Returns:
        float: In [0, 1]; NaN without instances.
    """
    values = [
        at_threshold(own, threshold, counts).f1
        for own, threshold in zip(matches, thresholds, strict=True)
    ]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float('nan')
