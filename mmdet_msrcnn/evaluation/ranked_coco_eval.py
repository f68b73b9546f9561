"""COCO evaluation of one set of masks under several rankings."""

from collections.abc import Sequence

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.datasets.values import name_image
from mmdet_msrcnn.evaluation.coco_eval import (
    load_detections,
    run_coco_eval,
    set_params,
)
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    starred_scores,
)
from mmdet_msrcnn.evaluation.ground_truth import (
    copy_ground_truth,
    rasterize_annotations,
)
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

# Keys of a detection that an earlier evaluation may have added.
COMPUTED = {'true_iou', 'product_score', 'oracle_score', 'starred_score'}


class RankedCOCOeval(COCOeval):
    """COCOeval of masks that computes IoUs once and ranks many times.

    The IoUs of a detection do not depend on its score, so each further ranking
    costs only the matching. The arguments are not changed.

    Attributes:
        detections (list[dict]): Copies of the detections, with ``true_iou``,
            ``oracle_score`` (class score x true MaskIoU, 0 if no instance of
            the class overlaps) and, if there is a ``mask_iou``,
            ``starred_score`` (see :func:`starred_scores`). If the mask score
            is not class score x MaskIoU, also this ``product_score``.

    Args:
        coco_gt (COCO): Ground truth.
        detections (list[dict]): COCO results with ``image_id``,
            ``category_id``, ``segmentation`` (RLE), the class score
            ``score``, and, if the model predicts them, ``mask_score`` and
            ``mask_iou``. Must not be empty.
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        max_dets (int): Detections per image and class that count. Defaults
            to 100.
        iou_thrs (Sequence[float]): IoU thresholds. Defaults to 0.5 to 0.95.

    Raises:
        ValueError: If a segmentation of the ground truth cannot be read, or
            mask and ground truth of an image differ in size.
    """

    def __init__(
        self,
        coco_gt: COCO,
        detections: list[dict],
        cat_ids: Sequence[int],
        img_ids: Sequence[int],
        max_dets: int = 100,
        iou_thrs: Sequence[float] | np.ndarray = COCO_IOU_THRS,
    ) -> None:
        coco_gt = copy_ground_truth(coco_gt)
        rasterize_annotations(coco_gt, list(img_ids), list(cat_ids))
        self.detections = [
            {key: det[key] for key in det if key not in COMPUTED}
            for det in detections
        ]
        coco_dt = load_detections(coco_gt, detections, 'segmentation')
        super().__init__(coco_gt, coco_dt, 'segm')
        set_params(self, cat_ids, img_ids, max_dets, iou_thrs)
        self._areas = self.params.areaRng
        self._prepare()
        self._overlaps = {key: self._overlap(*key) for key in list(self._dts)}
        self._add_true_ious()

    def _overlap(self, img_id: int, cat_id: int) -> np.ndarray:
        """Compute IoUs, shape (D, G); for crowds, over the detection area."""
        dts, gts = self._dts[img_id, cat_id], self._gts[img_id, cat_id]
        if not dts or not gts:
            return np.zeros((len(dts), len(gts)))
        masks, truth = (
            [ann['segmentation'] for ann in anns] for anns in (dts, gts)
        )
        self._check_sizes(img_id, masks, truth)
        return mask_utils.iou(masks, truth, [int(g['iscrowd']) for g in gts])

    def _check_sizes(
        self, img_id: int | str, masks: list[dict], truth: list[dict]
    ) -> None:
        """Refuse sizes for which pycocotools returns an IoU of -1."""
        predicted, true = (
            {tuple(rle['size']) for rle in rles} for rles in (masks, truth)
        )
        if predicted != true or len(true) > 1:
            image = name_image(self.cocoGt.imgs[img_id])
            raise ValueError(
                'Are these the annotations of the tested images? Predicted '
                f'masks of {image} have (height, width) {sorted(predicted)}, '
                f'the ground truth {sorted(true)}. If they are, write the '
                'size of the loaded image into the annotations; check them '
                'with tools/check_dataset.py.'
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
        for det in self.detections:
            det['oracle_score'] = det['score'] * det['true_iou']
        if 'mask_iou' in self.detections[0]:
            columns = map(self._column, ('score', 'mask_iou', 'true_iou'))
            self._add('starred_score', starred_scores(*columns))
        if {'mask_iou', 'mask_score'} <= self.detections[0].keys():
            product = self._column('score') * self._column('mask_iou')
            # Models multiply in single or half precision, but not bfloat16.
            scores = self._column('mask_score')
            if not np.allclose(scores, product, rtol=1e-3, atol=1e-6):
                self._add('product_score', product)

    def _add(self, key: str, values: np.ndarray) -> None:
        """Add one value to each detection."""
        for det, value in zip(self.detections, values.tolist(), strict=True):
            det[key] = value

    def _column(self, key: str) -> np.ndarray:
        """Return one value of all detections, shape (D, )."""
        return np.array([det[key] for det in self.detections])

    def computeIoU(self, imgId: int, catId: int) -> np.ndarray | list:
        """Look up the IoUs, in the order in which ``evaluateImg`` sorts."""
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
        """Compute :func:`iou_statistics` of a mask-scoring model."""
        return iou_statistics(*map(self._column, ('mask_iou', 'true_iou')))

    def precision_by(self, score_key: str, by_area: bool = True) -> np.ndarray:
        """Evaluate under one ranking.

        Args:
            score_key (str): Key of the score that ranks the detections, such
                as ``mask_score``.
            by_area (bool): Also evaluate small, medium and large instances,
                which takes four times as long. Defaults to True.

        Returns:
            ndarray: Precision of shape (T, R, K, A), A is 4 or 1.
        """
        self.params.areaRng = self._areas if by_area else self._areas[:1]
        ranked = self.cocoDt.dataset['annotations']
        for det, source in zip(ranked, self.detections, strict=True):
            det['score'] = source[score_key]
        return run_coco_eval(self)

    def matched_ious(self, result: dict, t: int) -> np.ndarray:
        """Look up the IoUs of matched detections.

        Args:
            result (dict): Entry of ``evalImgs`` of the last ranking.
            t (int): Index of the IoU threshold of the matches.

        Returns:
            ndarray: IoU of each detection with the instance that it matches,
            0 if it matches none, shape (D, ).
        """
        key = result['image_id'], result['category_id']
        columns = {gt['id']: i for i, gt in enumerate(self._gts[key])}
        return np.array(
            [
                self.ious[key][row][columns[gt_id]] if gt_id else 0.0
                for row, gt_id in enumerate(result['dtMatches'][t].tolist())
            ]
        )
