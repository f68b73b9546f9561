"""Detections as a list, from predictions by image, and their columns."""

from collections.abc import Sequence

import numpy as np


def to_detections(preds: Sequence[dict], cat_ids: Sequence[int]) -> list[dict]:
    """Flatten predictions to COCO results.

    Args:
        preds (Sequence[dict]): Predictions of each image, as CocoMetric keeps
            them: ``img_id``, ``bboxes``, ``labels``, ``scores`` and, if the
            model predicts them, ``masks`` (RLE), ``mask_ious`` and
            ``mask_scores``. They are not changed.
        cat_ids (Sequence[int]): Category id of each label.

    Returns:
        list[dict]: Detections with ``image_id``, ``category_id``, ``bbox``
        (x, y, width, height), ``score`` (the class score) and, if predicted,
        ``segmentation``, ``mask_iou`` and ``mask_score``.
    """
    detections = []
    for pred in preds:
        # In double precision, as CocoMetric subtracts.
        boxes = np.array(pred['bboxes'], float)
        boxes[:, 2:] -= boxes[:, :2]
        columns = [
            [cat_ids[label] for label in pred['labels']],
            boxes.tolist(),
            _floats(pred['scores']),
        ]
        names = ['category_id', 'bbox', 'score']
        if 'masks' in pred:
            columns.append([_with_text(rle) for rle in pred['masks']])
            names.append('segmentation')
        for field in ('mask_ious', 'mask_scores'):
            if field in pred:
                columns.append(_floats(pred[field]))
                names.append(field[:-1])
        image = dict(image_id=pred['img_id'])
        detections += [
            image | dict(zip(names, values, strict=True))
            for values in zip(*columns, strict=True)
        ]
    return detections


def _floats(values: Sequence[float]) -> list[float]:
    return np.asarray(values, float).tolist()


def _with_text(rle: dict) -> dict:
    """Return run lengths that can be written to JSON."""
    counts = rle['counts']
    if isinstance(counts, bytes):
        counts = counts.decode()
    return dict(rle, counts=counts)


def column(detections: Sequence[dict], key: str) -> np.ndarray:
    """Return one value of all detections, shape (D, )."""
    return np.array([det[key] for det in detections])
