"""Tables of precision and recall of one model.

Shape shorthand: T IoU thresholds, R recall points, K classes, A area ranges.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.coco_eval import (
    box_evaluator,
    run_coco_eval,
    run_recall_eval,
)
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    RANKINGS,
    STATISTICS,
    mean_precision,
    share_of_gain,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval

REPORT_ONLY = {'product'}
STATISTIC_ITEMS = (*(f'mask_iou_{s}' for s in STATISTICS), 'mask_score_share')


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
            if ranking not in {main, *REPORT_ONLY}:
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
            items = STATISTIC_ITEMS
            others = RANKINGS.keys() - REPORT_ONLY - {'mask_score'}
            if 'mask_ious' not in fields:
                items, others = items[-1:], others - {'starred'}
            names += [f'segm_{r}' for r in RANKINGS if r in others]
            statistics = dict.fromkeys(items, float('nan'))
        tables = dict.fromkeys(names, precision)
        found.append(Tables(tables, {metric: recall}, statistics))
    return found


def evaluate_detections(
    coco: COCO,
    detections: list[dict],
    metrics: Sequence[str],
    protocol: tuple,
    proposal_nums: Sequence[int],
) -> tuple[list[Tables], list[dict]]:
    """Evaluate detections, and add their true MaskIoU.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): From :func:`to_detections`, at least one.
        metrics (Sequence[str]): ``bbox``, ``segm`` or both.
        protocol (tuple): Category ids, image ids, detections per image and
            class, and IoU thresholds.
        proposal_nums (Sequence[int]): See :func:`box_tables`.

    Returns:
        tuple[list[Tables], list[dict]]: Tables of each metric, and the
        detections.
    """
    tables = []
    for metric in metrics:
        if metric == 'bbox':
            boxes = box_evaluator(coco, detections, *protocol)
            tables.append(box_tables(boxes, proposal_nums))
        else:
            masks = RankedCOCOeval(coco, detections, *protocol)
            tables.append(mask_tables(masks, proposal_nums))
            detections = masks.detections
    return tables, detections
