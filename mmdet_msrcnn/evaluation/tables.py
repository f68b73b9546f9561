"""Tables of precision and recall of one model.

Shape shorthand: T IoU thresholds, R recall points, K classes, A area ranges.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.detections import column
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    RANKINGS,
    STATISTICS,
    mean_precision,
    share_of_gain,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.overlaps import box_overlaps
from mmdet_msrcnn.evaluation.precision import precision_table, recall_table
from mmdet_msrcnn.evaluation.ranking import rank
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

REPORT_ONLY = {'product'}
# Those that need masks.
MASK_METRICS = {'segm', 'boundary'}
STATISTIC_ITEMS = (*(f'mask_iou_{s}' for s in STATISTICS), 'mask_score_share')


class Tables(NamedTuple):
    """Results of one model.

    Attributes:
        precision (dict[str, ndarray]): Precision of boxes (``bbox``), of masks
            in their main ranking (``segm``, and ``boundary`` with boundary
            IoUs) and in other rankings (``segm_class_score``, ...), shape
            (T, R, K, 4).
        recall (dict[str, ndarray]): Recall of ``bbox`` and ``segm`` at the
            three ``proposal_nums``, shape (T, K, 4, 3). Empty if not
            requested.
        statistics (dict[str, float]): Values of ``STATISTIC_ITEMS``.
    """

    precision: dict[str, np.ndarray]
    recall: dict[str, np.ndarray]
    statistics: dict[str, float]


def box_precision(
    coco: COCO,
    detections: list[dict],
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    max_dets: int = 100,
    iou_thrs: Sequence[float] | np.ndarray = COCO_IOU_THRS,
) -> np.ndarray:
    """Evaluate boxes that are ranked by class score.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): COCO results with ``bbox`` and ``score``.
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        max_dets (int): Detections per image and class that count. Defaults
            to 100.
        iou_thrs (Sequence[float]): IoU thresholds. Defaults to 0.5 to 0.95.

    Returns:
        ndarray: Precision of shape (T, R, K, A); -1 without instances.
    """
    protocol = cat_ids, img_ids, max_dets, iou_thrs
    return box_tables(coco, detections, protocol, ()).precision['bbox']


def box_tables(
    coco: COCO,
    detections: list[dict],
    protocol: tuple,
    proposal_nums: Sequence[int],
) -> Tables:
    """Evaluate boxes.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): COCO results with ``bbox`` and ``score``.
        protocol (tuple): See :func:`evaluate_detections`.
        proposal_nums (Sequence[int]): Detections per image for the recall; no
            recall if empty.

    Returns:
        Tables: Precision and, if requested, recall.
    """
    cat_ids, img_ids, max_dets, iou_thrs = protocol
    overlaps = box_overlaps(coco, detections, cat_ids, img_ids, iou_thrs)
    scores = column(detections, 'score')
    ranked = rank(overlaps, scores, max_dets)
    recall = {}
    if proposal_nums:
        recall['bbox'] = recall_table(overlaps, scores, proposal_nums)
    return Tables(dict(bbox=precision_table(ranked)), recall, {})


def mask_tables(
    evaluation: MaskEvaluation, proposal_nums: Sequence[int]
) -> Tables:
    """Evaluate masks, ranked by mask score if there is one.

    Args:
        evaluation (MaskEvaluation): Evaluation of the masks.
        proposal_nums (Sequence[int]): See :func:`box_tables`.

    Returns:
        Tables: Other rankings and statistics only for a mask-scoring model.
    """
    rankings = evaluation.rankings
    scored = 'mask_score' in rankings
    main = 'mask_score' if scored else 'class_score'
    precision = dict(segm=evaluation.precision_by(rankings[main]))
    recall, statistics = {}, {}
    if proposal_nums:
        recall['segm'] = evaluation.recall_by(rankings[main], proposal_nums)
    if scored:
        for ranking, key in rankings.items():
            if ranking not in {main, *REPORT_ONLY}:
                precision[f'segm_{ranking}'] = evaluation.precision_by(key)
        if 'mask_iou' in evaluation.detections[0]:
            for name, value in evaluation.iou_statistics().items():
                statistics[f'mask_iou_{name}'] = value
        names = ('segm' if key == main else f'segm_{key}' for key in GAIN)
        statistics['mask_score_share'] = share_of_gain(
            *(mean_precision(precision[name][..., 0]) for name in names)
        )
    return Tables(precision, recall, statistics)


def boundary_tables(evaluation: MaskEvaluation) -> Tables:
    """Evaluate masks with boundary IoUs.

    Args:
        evaluation (MaskEvaluation): Evaluation of the masks.

    Returns:
        Tables: The main ranking and, for a mask-scoring model, those of
        ``GAIN``.
    """
    rankings = evaluation.rankings
    names = dict(boundary=rankings['class_score'])
    if 'mask_score' in rankings:
        names = dict(
            boundary=rankings['mask_score'],
            boundary_class_score=rankings['class_score'],
            boundary_oracle=rankings['oracle'],
        )
    return Tables(
        {
            name: evaluation.boundary_precision_by(key)
            for name, key in names.items()
        },
        {},
        {},
    )


def empty_tables(
    metrics: Sequence[str],
    fields: Collection[str],
    num_thrs: int,
    num_classes: int,
) -> list[Tables]:
    """Create the tables of a model that detects nothing.

    AP and recall are 0, statistics are NaN.

    Args:
        metrics (Sequence[str]): Some of ``bbox``, ``segm``, ``boundary``.
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
        if metric == 'boundary' and 'mask_scores' in fields:
            names += ['boundary_class_score', 'boundary_oracle']
        if metric == 'segm' and 'mask_scores' in fields:
            items = STATISTIC_ITEMS
            others = RANKINGS.keys() - REPORT_ONLY - {'mask_score'}
            if 'mask_ious' not in fields:
                items, others = items[-1:], others - {'starred'}
            names += [f'segm_{r}' for r in RANKINGS if r in others]
            statistics = dict.fromkeys(items, float('nan'))
        tables = dict.fromkeys(names, precision)
        recalls = {} if metric == 'boundary' else {metric: recall}
        found.append(Tables(tables, recalls, statistics))
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
        metrics (Sequence[str]): Some of ``bbox``, ``segm``, ``boundary``.
        protocol (tuple): Category ids, image ids, detections per image and
            class, and IoU thresholds.
        proposal_nums (Sequence[int]): See :func:`box_tables`.

    Returns:
        tuple[list[Tables], list[dict]]: Tables of each metric, and the
        detections.
    """
    found: dict[str, Tables] = {}
    if 'bbox' in metrics:
        found['bbox'] = box_tables(coco, detections, protocol, proposal_nums)
    if set(metrics) & MASK_METRICS:
        masks = MaskEvaluation(coco, detections, *protocol)
        detections = masks.detections
        if 'segm' in metrics:
            found['segm'] = mask_tables(masks, proposal_nums)
        if 'boundary' in metrics:
            found['boundary'] = boundary_tables(masks)
    return [found[metric] for metric in metrics], detections
