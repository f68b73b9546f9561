"""COCO evaluation of one set of masks under several rankings."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    oracle_scores,
)
from mmdet_msrcnn.utils.silence import silence

COCO_IOU_THRS = np.linspace(0.5, 0.95, 10)


def run_coco_eval(coco_eval: COCOeval) -> np.ndarray:
    """Evaluate and accumulate the results into a precision table.

    Args:
        coco_eval (COCOeval): With a single entry in ``params.maxDets``.

    Returns:
        ndarray: Precision of shape (T, R, K, A); -1 where there is no
        instance.
    """
    with silence():
        coco_eval.evaluate()
        coco_eval.accumulate()
    return coco_eval.eval['precision'][..., 0]


def load_detections(coco_gt: COCO, detections: list[dict], shape: str) -> COCO:
    """Load copies of the detections, which evaluators may write into.

    Args:
        coco_gt (COCO): Ground truth.
        detections (list[dict]): COCO results. Must not be empty.
        shape (str): ``bbox`` or ``segmentation``; the other one is left out,
            for pycocotools would take the area of the box for the mask's.

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
    iou_thrs: Sequence[float] = COCO_IOU_THRS,
) -> COCOeval:
    """Evaluator of boxes by class score.

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
        COCOeval: To be given to :func:`run_coco_eval`.
    """
    coco_dt = load_detections(coco_gt, detections, 'bbox')
    coco_eval = COCOeval(coco_gt, coco_dt, 'bbox')
    set_params(coco_eval, cat_ids, img_ids, max_dets, iou_thrs)
    return coco_eval


def set_params(
    coco_eval: COCOeval,
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    max_dets: int,
    iou_thrs: Sequence[float],
) -> None:
    """Set what is evaluated; see :func:`box_evaluator`."""
    coco_eval.params.catIds = list(cat_ids)
    coco_eval.params.imgIds = list(img_ids)
    coco_eval.params.maxDets = [max_dets]
    coco_eval.params.iouThrs = np.asarray(iou_thrs)


class RankedCOCOeval(COCOeval):
    """COCOeval of masks that computes IoUs once and ranks many times.

    The IoUs of a detection do not depend on its score, so that the second
    ranking costs only the matching.

    Args:
        coco_gt (COCO): Ground truth.
        detections (list[dict]): COCO results with ``image_id``,
            ``category_id``, ``segmentation`` (RLE), the class score
            ``score``, and, where the model gives them, ``mask_score`` and
            ``mask_iou``. ``true_iou`` is added, and ``oracle_score`` where
            there is a ``mask_iou``. Must not be empty.
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        max_dets (int): Detections per image and class that count. Defaults
            to 100.
        iou_thrs (Sequence[float]): IoU thresholds. Defaults to 0.5 to 0.95.
    """

    def __init__(
        self,
        coco_gt: COCO,
        detections: list[dict],
        cat_ids: Sequence[int],
        img_ids: Sequence[int],
        max_dets: int = 100,
        iou_thrs: Sequence[float] = COCO_IOU_THRS,
    ) -> None:
        self.detections = detections
        coco_dt = load_detections(coco_gt, detections, 'segmentation')
        super().__init__(coco_gt, coco_dt, 'segm')
        set_params(self, cat_ids, img_ids, max_dets, iou_thrs)
        self._areas = self.params.areaRng
        self._prepare()
        self._overlaps = {key: self._overlap(*key) for key in list(self._dts)}
        self._add_true_ious()

    def _overlap(self, img_id: int, cat_id: int) -> np.ndarray:
        """IoUs of shape (D, G), intersection over detection for crowds."""
        dts, gts = self._dts[img_id, cat_id], self._gts[img_id, cat_id]
        if not dts or not gts:
            return np.zeros((len(dts), len(gts)))
        return mask_utils.iou(
            [det['segmentation'] for det in dts],
            [gt['segmentation'] for gt in gts],
            [int(gt['iscrowd']) for gt in gts],
        )

    def _add_true_ious(self) -> None:
        for det in self.detections:
            det['true_iou'] = 0.0
        for key, overlaps in self._overlaps.items():
            instances = [not gt['iscrowd'] for gt in self._gts[key]]
            if not any(instances):
                continue
            best = overlaps[:, instances].max(axis=1)
            for det, true_iou in zip(self._dts[key], best, strict=True):
                self.detections[det['id'] - 1]['true_iou'] = float(true_iou)
        if 'mask_iou' in self.detections[0]:
            scores = oracle_scores(
                *(
                    np.array([det[name] for det in self.detections])
                    for name in ('score', 'mask_iou', 'true_iou')
                )
            )
            for det, score in zip(self.detections, scores, strict=True):
                det['oracle_score'] = float(score)

    def computeIoU(self, imgId: int, catId: int) -> np.ndarray | list:
        """Look the IoUs up, in the order in which ``evaluateImg`` sorts."""
        dts = self._dts[imgId, catId]
        if not dts or not self._gts[imgId, catId]:
            return []
        order = np.argsort([-det['score'] for det in dts], kind='mergesort')
        return self._overlaps[imgId, catId][order[: self.params.maxDets[-1]]]

    @property
    def rankings(self) -> dict[str, str]:
        """The entries of ``RANKINGS`` whose scores the detections have."""
        return {
            ranking: key
            for ranking, key in RANKINGS.items()
            if key in self.detections[0]
        }

    def iou_statistics(self) -> dict[str, float]:
        """:func:`iou_statistics` of a mask-scoring model's detections."""
        return iou_statistics(
            *(
                np.array([det[key] for det in self.detections])
                for key in ('mask_iou', 'true_iou')
            )
        )

    def precision_by(self, score_key: str, by_area: bool = True) -> np.ndarray:
        """Evaluate under one ranking.

        Args:
            score_key (str): Key of the detections that ranks them, such as
                ``mask_score``.
            by_area (bool): Also for small, medium and large instances, which
                takes four times as long. Defaults to True.

        Returns:
            ndarray: Precision of shape (T, R, K, A), A being 4 or 1.
        """
        self.params.areaRng = self._areas if by_area else self._areas[:1]
        ranked = self.cocoDt.dataset['annotations']
        for det, source in zip(ranked, self.detections, strict=True):
            det['score'] = source[score_key]
        return run_coco_eval(self)
