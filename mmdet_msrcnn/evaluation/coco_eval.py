"""Functions that run pycocotools' evaluation."""

import copy
from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.ground_truth import copy_ground_truth
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS


def run_coco_eval(coco_eval: COCOeval) -> np.ndarray:
    """Evaluate and accumulate the results into a precision table.

    Args:
        coco_eval (COCOeval): With a single entry in ``params.maxDets``.

    Returns:
        ndarray: Precision of shape (T, R, K, A); -1 if there is no
        instance.
    """
    _run(coco_eval)
    return coco_eval.eval['precision'][..., 0]


def run_recall_eval(
    coco_eval: COCOeval, max_dets: Sequence[int]
) -> np.ndarray:
    """Evaluate the recall at several numbers of detections.

    Args:
        coco_eval (COCOeval): Evaluator; its parameters are not changed.
        max_dets (Sequence[int]): M numbers of detections per image and class.

    Returns:
        ndarray: Recall of shape (T, K, A, M); -1 if there is no instance.
    """
    params = coco_eval.params
    coco_eval.params = copy.copy(params)
    # pycocotools truncates at the last value.
    coco_eval.params.maxDets = sorted(set(max_dets))
    _run(coco_eval)
    columns = [coco_eval.params.maxDets.index(num) for num in max_dets]
    coco_eval.params = params
    return coco_eval.eval['recall'][..., columns]


def _run(coco_eval: COCOeval) -> None:
    with silence():
        coco_eval.evaluate()
        coco_eval.accumulate()


def load_detections(coco_gt: COCO, detections: list[dict], shape: str) -> COCO:
    """Load copies of the detections, which evaluators may write into.

    Args:
        coco_gt (COCO): Ground truth.
        detections (list[dict]): COCO results. Must not be empty.
        shape (str): ``bbox`` or ``segmentation``. The other one is left out,
            because pycocotools would use the box's area as the mask's area.

    Returns:
        COCO: The detections, in the same order.
    """
    names = ('image_id', 'category_id', shape, 'score')
    copies = [{name: det[name] for name in names} for det in detections]
    with silence():
        return coco_gt.loadRes(copies)


def box_evaluator(
    coco_gt: COCO,
    detections: list[dict],
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    max_dets: int = 100,
    iou_thrs: Sequence[float] | np.ndarray = COCO_IOU_THRS,
) -> COCOeval:
    """Create an evaluator of boxes that are ranked by class score.

    Args:
        coco_gt (COCO): Ground truth.
        detections (list[dict]): COCO results with ``bbox`` and ``score``. Must
            not be empty.
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        max_dets (int): Detections per image and class that count. Defaults
            to 100.
        iou_thrs (Sequence[float]): IoU thresholds. Defaults to 0.5 to 0.95.

    Returns:
        COCOeval: Argument for :func:`run_coco_eval`.
    """
    coco_gt = copy_ground_truth(coco_gt)
    coco_dt = load_detections(coco_gt, detections, 'bbox')
    coco_eval = COCOeval(coco_gt, coco_dt, 'bbox')
    set_params(coco_eval, cat_ids, img_ids, max_dets, iou_thrs)
    return coco_eval


def set_params(
    coco_eval: COCOeval,
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    max_dets: int,
    iou_thrs: Sequence[float] | np.ndarray,
) -> None:
    """Set what to evaluate; see :func:`box_evaluator`."""
    coco_eval.params.catIds = list(cat_ids)
    coco_eval.params.imgIds = list(img_ids)
    coco_eval.params.maxDets = [max_dets]
    coco_eval.params.iouThrs = np.asarray(iou_thrs)


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
        boxes = np.array(pred['bboxes'])
        boxes[:, 2:] -= boxes[:, :2]
        for i, label in enumerate(pred['labels']):
            det = dict(
                image_id=pred['img_id'],
                category_id=cat_ids[label],
                bbox=boxes[i].tolist(),
                score=float(pred['scores'][i]),
            )
            if 'masks' in pred:
                rle = dict(pred['masks'][i])
                if isinstance(rle['counts'], bytes):
                    rle['counts'] = rle['counts'].decode()
                det['segmentation'] = rle
            for field in ('mask_ious', 'mask_scores'):
                if field in pred:
                    det[field[:-1]] = float(pred[field][i])
            detections.append(det)
    return detections
