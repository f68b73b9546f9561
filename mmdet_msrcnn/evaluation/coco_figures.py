"""Functions that turn tables of precision and recall into figures.

Shape shorthand: T IoU thresholds, R recall points, K classes, A area ranges.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.cocoeval import COCOeval
from terminaltables import AsciiTable

from mmdet_msrcnn.evaluation.coco_eval import run_coco_eval, run_recall_eval
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    MAP_ITEMS,
    RANKINGS,
    STATISTICS,
    mean_precision,
    share_of_gain,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval

# mmdet's name of each item: index of its area range and of its entry in
# proposal_nums.
RECALL_ITEMS = {
    'AR@100': (0, 0),
    'AR@300': (0, 1),
    'AR@1000': (0, 2),
    'AR_s@1000': (1, 2),
    'AR_m@1000': (2, 2),
    'AR_l@1000': (3, 2),
}
# For masks in a ranking other than the main one.
EXTRA_ITEMS = MAP_ITEMS[:3]
STATISTIC_ITEMS = (*(f'mask_iou_{s}' for s in STATISTICS), 'mask_score_share')
ITEMS = (*MAP_ITEMS, *RECALL_ITEMS, *STATISTIC_ITEMS)


def check_items(items: Sequence[str], proposal_nums: Sequence[int]) -> None:
    """Check ``metric_items``.

    Args:
        items (Sequence[str]): Requested figures.
        proposal_nums (Sequence[int]): Detections per image for the recall.

    Raises:
        KeyError: If a figure does not exist, as in CocoMetric.
        ValueError: If recall is requested and ``proposal_nums`` does not have
            three values.
    """
    for item in items:
        if item not in ITEMS:
            raise KeyError(
                f'metric item "{item}" is not supported; metric_items may '
                f'contain {ITEMS}'
            )
    if set(items) & set(RECALL_ITEMS) and len(proposal_nums) != 3:
        raise ValueError(
            f'AR items need three proposal_nums, got {list(proposal_nums)}'
        )


class Tables(NamedTuple):
    """Results of pycocotools for one model.

    Attributes:
        precision (dict[str, ndarray]): Precision of boxes (``bbox``), of masks
            in their main ranking (``segm``) and in other rankings
            (``segm_class_score``, ...), shape (T, R, K, A), A is 4 or 1.
        recall (dict[str, ndarray]): Recall of ``bbox`` and ``segm`` at the
            three ``proposal_nums``, shape (T, K, 4, 3). Empty if not
            requested.
        statistics (dict[str, float]): Values of ``STATISTIC_ITEMS``.
    """

    precision: dict[str, np.ndarray]
    recall: dict[str, np.ndarray]
    statistics: dict[str, float]


def box_tables(coco_eval: COCOeval, proposal_nums: Sequence[int]) -> Tables:
    """Evaluate boxes.

    Args:
        coco_eval (COCOeval): From :func:`box_evaluator`.
        proposal_nums (Sequence[int]): Detections per image for the recall; no
            recall if empty.

    Returns:
        Tables: Precision and, if requested, recall.
    """
    precision = dict(bbox=run_coco_eval(coco_eval))
    recall = {}
    if proposal_nums:
        recall['bbox'] = run_recall_eval(coco_eval, proposal_nums)
    return Tables(precision, recall, {})


def mask_tables(
    coco_eval: RankedCOCOeval, proposal_nums: Sequence[int]
) -> Tables:
    """Evaluate masks, ranked by mask score if there is one.

    Args:
        coco_eval (RankedCOCOeval): Evaluator of the masks.
        proposal_nums (Sequence[int]): See :func:`box_tables`.

    Returns:
        Tables: Other rankings and statistics only for a mask-scoring model.
    """
    rankings = coco_eval.rankings
    scored = 'mask_score' in rankings
    main = 'mask_score' if scored else 'class_score'
    precision = dict(segm=coco_eval.precision_by(rankings[main]))
    recall, statistics = {}, {}
    if proposal_nums:
        recall['segm'] = run_recall_eval(coco_eval, proposal_nums)
    if scored:
        for ranking, key in rankings.items():
            if ranking != main:
                # Other rankings have no figures by area.
                alone = coco_eval.precision_by(key, by_area=False)
                precision[f'segm_{ranking}'] = alone
        if 'mask_iou' in coco_eval.detections[0]:
            for name, value in coco_eval.iou_statistics().items():
                statistics[f'mask_iou_{name}'] = value
        names = ('segm' if key == main else f'segm_{key}' for key in GAIN)
        statistics['mask_score_share'] = share_of_gain(
            *(mean_precision(precision[name][..., 0]) for name in names)
        )
    return Tables(precision, recall, statistics)


def empty_tables(
    metrics: Sequence[str],
    fields: Collection[str],
    num_thrs: int,
    num_classes: int,
) -> list[Tables]:
    """Create the tables of a model that detects nothing.

    AP and recall are 0, statistics are NaN.

    Args:
        metrics (Sequence[str]): ``bbox``, ``segm`` or both.
        fields (Collection[str]): Fields of its predictions.
        num_thrs (int): T.
        num_classes (int): K.

    Returns:
        list[Tables]: Tables of each metric.
    """
    precision = np.zeros((num_thrs, 1, num_classes, 4))
    recall = np.zeros((num_thrs, num_classes, 4, 3))
    found = []
    for metric in metrics:
        names, statistics = [metric], {}
        if metric == 'segm' and 'mask_scores' in fields:
            items, others = STATISTIC_ITEMS, RANKINGS.keys() - {'mask_score'}
            if 'mask_ious' not in fields:
                items, others = items[-1:], others - {'starred'}
            names += [f'segm_{r}' for r in RANKINGS if r in others]
            statistics = dict.fromkeys(items, float('nan'))
        tables = dict.fromkeys(names, precision)
        found.append(Tables(tables, {metric: recall}, statistics))
    return found


def figures(
    tables: Tables, items: Sequence[str] | None, iou_thrs: Sequence[float]
) -> dict[str, float]:
    """Select the requested figures.

    Args:
        tables (Tables): Tables of boxes or masks.
        items (Sequence[str], optional): Some of ``ITEMS``. By default all
            except the recall.
        iou_thrs (Sequence[float]): The T IoU thresholds.

    Returns:
        dict[str, float]: Values by name. An AP that is not defined is -1, as
        in pycocotools. Mask AP is given for each ranking; rankings other than
        the main one have only ``EXTRA_ITEMS``.
    """
    asked = (*MAP_ITEMS, *STATISTIC_ITEMS) if items is None else items
    found = {}
    for prefix, precision in tables.precision.items():
        values = summarize_precision(precision, iou_thrs)
        if prefix in tables.recall:
            recall = tables.recall[prefix]
            for item, (area, num) in RECALL_ITEMS.items():
                values[item] = mean_precision(recall[:, :, area, num])
        offered = values if prefix in ('bbox', 'segm') else EXTRA_ITEMS
        for item in asked:
            if item in values and item in offered:
                found[f'{prefix}_{item}'] = values[item]
    for item in asked:
        if item in tables.statistics:
            found[item] = tables.statistics[item]
    return found


def class_figures(
    precision: np.ndarray, iou_thrs: Sequence[float]
) -> list[dict[str, float]]:
    """Reduce a precision table to the figures of each class.

    Args:
        precision (ndarray): Shape (T, R, K, 4).
        iou_thrs (Sequence[float]): The T IoU thresholds.

    Returns:
        list[dict[str, float]]: ``MAP_ITEMS`` of each class; NaN if it has no
        instance, as in mmdet.
    """
    tables = (precision[:, :, [i]] for i in range(precision.shape[2]))
    return [
        {
            item: float('nan') if value == -1 else value
            for item, value in summarize_precision(table, iou_thrs).items()
        }
        for table in tables
    ]


def class_table(metric: str, values: dict[str, dict[str, float]]) -> str:
    """Write the figures of each class as a table for the log.

    Args:
        metric (str): ``bbox`` or ``segm``.
        values (dict[str, dict[str, float]]): Figures of each class, from
            :func:`class_figures`.

    Returns:
        str: The table.
    """
    rows = [
        [name, *(f'{value:.3f}' for value in own.values())]
        for name, own in values.items()
    ]
    return f'{metric}\n{AsciiTable([["category", *MAP_ITEMS], *rows]).table}'
