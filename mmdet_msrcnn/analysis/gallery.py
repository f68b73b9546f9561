"""Detections worth a look: large changes of rank, and errors of each kind."""

from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.errors import KINDS, find_errors
from mmdet_msrcnn.analysis.rank_gallery import rank_changes
from mmdet_msrcnn.analysis.score_thresholds import IOU_THRS, rankings_of
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.utils.score_thresholds import chosen

# Of a detection below its threshold, whose rank changes.
NOT_KEPT = 'below the threshold'
# Detections of each kind, and of each direction of rank changes.
NUM_OF_KIND, NUM_CHANGED = 30, 24
SCORES = {
    'class_score': 'score',
    'mask_iou': 'mask_iou',
    'mask_score': 'mask_score',
}


def errors_of(
    masks: MaskEvaluation, thresholds: dict[str, dict]
) -> list[dict[str, Any]]:
    """Find the errors of a model at thresholds of the best F1.

    Args:
        masks (MaskEvaluation): Evaluation of the model.
        thresholds (dict[str, dict]): From :func:`score_thresholds`, on these
            or on other images.

    Returns:
        list[dict[str, Any]]: See :func:`find_errors`, by the mask score, or
        by class score without one.
    """
    ranking = [*rankings_of(masks)][-1]
    by_name = chosen(thresholds[ranking], IOU_THRS[0])
    cats = masks.coco.loadCats(masks.cat_ids)
    by_id = {cat['id']: by_name[cat['name']] for cat in cats}
    return find_errors(masks, masks.rankings[ranking], by_id)


def count_errors(coco: COCO, errors: list[dict]) -> dict[str, dict[str, int]]:
    """Count errors.

    Args:
        coco (COCO): Ground truth.
        errors (list[dict]): From :func:`errors_of`.

    Returns:
        dict[str, dict[str, int]]: For each class with any, the number of each
        kind.
    """
    found = {error['category_id'] for error in errors}
    counts = {
        cat['name']: dict.fromkeys(KINDS, 0)
        for cat in coco.cats.values()
        if cat['id'] in found
    }
    for error in errors:
        name = coco.cats[error['category_id']]['name']
        counts[name][error['kind']] += 1
    return counts


def gallery_rows(
    coco: COCO, detections: list[dict], errors: list[dict]
) -> list[dict[str, Any]]:
    """Choose detections and missed instances to show.

    Of each kind the ones with the best scores are chosen (of the missed ones,
    the largest), and the detections that rise or fall most.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): All detections of a model.
        errors (list[dict]): From :func:`errors_of`.

    Returns:
        list[dict[str, Any]]: ``kind``, ``class``, ``image`` (file name),
        ``iou``, and of a detection ``class_score``, ``mask_iou``,
        ``mask_score`` and ``rank_change``, as far as the model has them;
        ``source``, the detection or instance.
    """
    changes: dict[int, float] = {}
    scored = bool(detections) and 'mask_score' in detections[0]
    if scored:
        values = rank_changes(detections)
        changes = dict(zip(map(id, detections), values.tolist(), strict=True))
    rows = [dict(error, shown=False) for error in errors]
    key = 'mask_score' if scored else 'score'
    for kind in KINDS:
        own = [row for row in rows if row['kind'] == kind]
        by = 'area' if kind == 'missed' else key
        own.sort(key=lambda row: row['source'].get(by, 0), reverse=True)
        for row in own[:NUM_OF_KIND]:
            row['shown'] = True
    by_source = {id(row['source']): row for row in rows}
    if scored:
        order = np.argsort(values, kind='stable')
        num = min(NUM_CHANGED, len(order) // 2)
        for i in [*order[:num], *order[len(order) - num :]]:
            found = by_source.get(id(detections[i]))
            if found is None:
                found = _not_kept(detections[i])
                rows.append(found)
            found['shown'] = True
    return [_row(coco, row, changes) for row in rows if row['shown']]


def _not_kept(det: dict) -> dict[str, Any]:
    return dict(
        kind=NOT_KEPT,
        image_id=det['image_id'],
        category_id=det['category_id'],
        iou=det['true_iou'],
        source=det,
    )


def _row(coco: COCO, row: dict, changes: dict[int, float]) -> dict[str, Any]:
    source = row['source']
    shown = {
        'kind': row['kind'],
        'class': coco.cats[row['category_id']]['name'],
        'image': str(Path(coco.imgs[row['image_id']]['file_name'])),
        'iou': round(row['iou'], 4),
        'source': source,
    }
    for name, key in SCORES.items():
        if key in source:
            shown[name] = round(source[key], 4)
    if id(source) in changes:
        shown['rank_change'] = changes[id(source)]
    return shown


def listed(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it stands in ``report.json``."""
    return {key: value for key, value in row.items() if key != 'source'}
