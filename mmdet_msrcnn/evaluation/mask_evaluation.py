"""COCO evaluation of one set of masks under several rankings."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.boundary import boundary_overlaps
from mmdet_msrcnn.evaluation.detections import column
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    starred_scores,
)
from mmdet_msrcnn.evaluation.ground_truth import (
    copy_ground_truth,
    rasterize_annotations,
)
from mmdet_msrcnn.evaluation.overlaps import Overlaps, mask_overlaps
from mmdet_msrcnn.evaluation.precision import precision_table, recall_table
from mmdet_msrcnn.evaluation.ranking import Ranked, rank
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

# Keys of a detection that an earlier evaluation may have added.
COMPUTED = {'true_iou', 'product_score', 'oracle_score', 'starred_score'}


class MaskEvaluation:
    """Evaluation of masks that computes IoUs once and ranks many times.

    The IoUs of a detection do not depend on its score, so each further ranking
    costs only the matching. The arguments are not changed.

    Attributes:
        coco (COCO): Copy of the ground truth, whose segmentations to evaluate
            are RLE.
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
        ValueError: If a detection is of an image that ``coco_gt`` lacks, a
            segmentation of the ground truth cannot be read, or mask and
            ground truth of an image differ in size.
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
        self.coco = copy_ground_truth(coco_gt)
        rasterize_annotations(self.coco, list(img_ids), list(cat_ids))
        self.detections = [
            {key: det[key] for key in det if key not in COMPUTED}
            for det in detections
        ]
        self.overlaps = mask_overlaps(
            self.coco, detections, cat_ids, img_ids, iou_thrs
        )
        self.max_dets = max_dets
        self._ranked: dict[str, tuple[np.ndarray, Ranked]] = {}
        self._add_scores()

    def _add_scores(self) -> None:
        """Add the true IoUs, and scores that use them."""
        true_ious = np.zeros(len(self.detections))
        true_ious[self.overlaps.source] = self.overlaps.true_ious
        self._add('true_iou', true_ious)
        scores = self.column('score')
        self._add('oracle_score', scores * true_ious)
        if 'mask_iou' in self.detections[0]:
            mask_ious = self.column('mask_iou')
            starred = starred_scores(scores, mask_ious, true_ious)
            self._add('starred_score', starred)
            if 'mask_score' in self.detections[0]:
                product = scores * mask_ious
                if not _is_product(self.column('mask_score'), product):
                    self._add('product_score', product)

    def _add(self, key: str, values: np.ndarray) -> None:
        """Add one value to each detection."""
        for det, value in zip(self.detections, values.tolist(), strict=True):
            det[key] = value

    def column(self, key: str) -> np.ndarray:
        """Return one value of all detections, shape (D, )."""
        return column(self.detections, key)

    @property
    def cat_ids(self) -> list[int]:
        """The evaluated categories, sorted."""
        return self.overlaps.cat_ids

    @property
    def img_ids(self) -> list[int]:
        """The evaluated images, sorted."""
        return self.overlaps.img_ids

    @property
    def iou_thrs(self) -> np.ndarray:
        """The IoU thresholds, shape (T, )."""
        return self.overlaps.iou_thrs

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
        return iou_statistics(*map(self.column, ('mask_iou', 'true_iou')))

    def ranked_by(self, score_key: str) -> Ranked:
        """Rank the detections, once for each score.

        Args:
            score_key (str): Key of the score, such as ``mask_score``.

        Returns:
            Ranked: Detections and their matches.
        """
        scores = self.column(score_key)
        known = self._ranked.get(score_key)
        # Callers may write other scores into the detections.
        if known is None or not np.array_equal(known[0], scores):
            known = scores, rank(self.overlaps, scores, self.max_dets)
            self._ranked[score_key] = known
        return known[1]

    def precision_by(self, score_key: str) -> np.ndarray:
        """Evaluate under one ranking.

        Args:
            score_key (str): Key of the score that ranks the detections, such
                as ``mask_score``.

        Returns:
            ndarray: Precision of shape (T, R, K, A); -1 without instances.
        """
        return precision_table(self.ranked_by(score_key))

    def recall_by(self, score_key: str, max_dets: Sequence[int]) -> np.ndarray:
        """Compute the recall at several numbers of detections.

        Args:
            score_key (str): Key of the score that ranks the detections.
            max_dets (Sequence[int]): M numbers of detections per image and
                class, in place of the evaluation's own.

        Returns:
            ndarray: Recall of shape (T, K, A, M); -1 without instances.
        """
        return recall_table(self.overlaps, self.column(score_key), max_dets)

    @cached_property
    def boundary_overlaps(self) -> Overlaps:
        """The overlaps, with boundary IoUs."""
        anns = self.coco.dataset['annotations']
        return boundary_overlaps(
            self.overlaps,
            [self.detections[i]['segmentation'] for i in self.overlaps.source],
            [anns[i]['segmentation'] for i in self.overlaps.instance_source],
        )

    def boundary_precision_by(self, score_key: str) -> np.ndarray:
        """Evaluate with boundary IoUs; see :meth:`precision_by`."""
        scores = self.column(score_key)
        return precision_table(
            rank(self.boundary_overlaps, scores, self.max_dets)
        )


def _is_product(scores: np.ndarray, product: np.ndarray) -> bool:
    # Models multiply in single or half precision, but not bfloat16.
    return np.allclose(scores, product, rtol=1e-3, atol=1e-6)
