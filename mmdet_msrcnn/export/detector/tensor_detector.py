"""Detector that takes an image and returns tensors, for export."""

from types import SimpleNamespace
from typing import Any

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.roi_heads import StandardRoIHead
from torch import Tensor, nn

from mmdet_msrcnn.export.detector.boxes import (
    Size,
    detections,
    proposals,
)
from mmdet_msrcnn.export.detector.exportable import exportable
from mmdet_msrcnn.export.detector.ops import pad_to_multiple
from mmdet_msrcnn.models.detectors.scorer_checks import check_ranking
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.roi_heads.stage_outputs import mean_probs
from mmdet_msrcnn.utils.rank_by import MASK_SCORE


class TensorDetector(nn.Module):
    """Two-stage detector with masks that takes an image and returns tensors.

    Normalization, padding and NMS are inside.

    Args:
        model (:obj:`TwoStageDetector`): Trained detector.
    """

    def __init__(self, model: TwoStageDetector) -> None:
        super().__init__()
        self.model: Any = exportable(model)
        self.scorer: Any = getattr(self.model.roi_head, 'mask_iou_head', None)
        outputs = ['boxes', 'labels', 'scores', 'mask_probs']
        if self.scorer is not None:
            outputs += ['mask_ious', 'mask_scores']
        rank_by = model.test_cfg.rcnn.get('rank_by')
        check_ranking(model)
        self.by_mask_score = rank_by == MASK_SCORE
        if self.by_mask_score:
            outputs.append('class_scores')
        self.outputs = tuple(outputs)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Detect the objects in an image.

        Args:
            image (Tensor): Channels in the order of cv2.imread, values in
                [0, 255], shape (1, 3, H, W).

        Returns:
            tuple[Tensor]: :attr:`outputs` of n detections: ``boxes``
            (x1, y1, x2, y2) in pixels of the image, shape (n, 4); ``labels``
            and class scores, shape (n, ); ``mask_probs``, probabilities within
            their boxes, shape (n, h, w), and from the scorer ``mask_ious`` and
            ``mask_scores``, shape (n, ). With ``rank_by='mask_score'``,
            ``scores`` are the mask scores, in falling order, and
            ``class_scores`` is added.
        """
        img_shape = image.shape[2], image.shape[3]
        feats = self.model.extract_feat(self.preprocess(image))
        cls_scores, bbox_preds = self.model.rpn_head(feats)
        boxes = proposals(
            self.model.rpn_head,
            cls_scores,
            bbox_preds,
            img_shape,
            self.model.test_cfg.rpn,
        )
        boxes, scores, labels = self.detect(feats, boxes, img_shape)
        return self.segment(feats, boxes, scores, labels)

    def preprocess(self, image: Tensor) -> Tensor:
        """Normalize and pad an image as the data preprocessor does."""
        cfg = self.model.data_preprocessor
        if cfg._channel_conversion:
            image = image.flip(1)
        if cfg._enable_normalize:
            image = (image - cfg.mean) / cfg.std
        return pad_to_multiple(
            image, cfg.pad_size_divisor, float(cfg.pad_value)
        )

    def detect(
        self, feats: tuple[Tensor, ...], boxes: Tensor, img_shape: Size
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute boxes, scores and labels of the detections.

        Args:
            feats (tuple[Tensor]): Multi-level features.
            boxes (Tensor): Proposals, shape (K, 4).
            img_shape (tuple[int, int]): (H, W).

        Returns:
            tuple[Tensor, Tensor, Tensor]: See :func:`detections`.
        """
        roi_head = self.model.roi_head
        stages = getattr(roi_head, 'num_stages', 0)
        if not stages:
            results = roi_head._bbox_forward(feats, to_rois(boxes))
            cls_score, last = results['cls_score'], roi_head.bbox_head
        else:
            logits = []
            for stage in range(stages):
                results = roi_head._bbox_forward(stage, feats, to_rois(boxes))
                logits.append(results['cls_score'])
                last = roi_head.bbox_head[stage]
                if stage < stages - 1:
                    boxes = last.regress_by_class(
                        boxes,
                        logits[-1][:, :-1].argmax(dim=1),
                        results['bbox_pred'],
                        dict(img_shape=img_shape),
                    )
            cls_score = sum(logits) / float(stages)
        return detections(
            last,
            boxes,
            cls_score,
            results['bbox_pred'],
            img_shape,
            self.model.test_cfg.rcnn,
        )

    def segment(
        self,
        feats: tuple[Tensor, ...],
        boxes: Tensor,
        scores: Tensor,
        labels: Tensor,
    ) -> tuple[Tensor, ...]:
        """Compute the masks of the detections and their scores.

        Arguments are the multi-level features and the results of
        :meth:`detect`.

        Returns:
            tuple[Tensor]: See :meth:`forward`.
        """
        roi_head, rois = self.model.roi_head, to_rois(boxes)
        if self.scorer is None:
            logits = stage_masks(roi_head, feats, rois)
        else:
            logits, mask_feats = roi_head._stage_masks(feats, rois)
        masks = select_by_label(mean_probs(logits), labels)
        results = boxes, labels, scores, masks
        if self.scorer is None:
            return results
        context = self.scorer.context(
            [SimpleNamespace(bboxes=boxes, scores=scores, labels=labels)]
        )
        preds, _ = roi_head.score_masks(
            feats, rois, logits, mask_feats, labels, context
        )
        values = self.scorer.decode(select_by_label(preds, labels))
        named = dict(zip(self.scorer.predicts, values, strict=True))
        mask_ious = named['mask_ious']
        mask_scores = named.get('mask_scores', scores * mask_ious)
        if not self.by_mask_score:
            return *results, mask_ious, mask_scores
        order = mask_scores.argsort(descending=True)
        ranked = boxes, labels, mask_scores, masks, mask_ious, mask_scores
        return tuple(values[order] for values in (*ranked, scores))


def to_rois(boxes: Tensor) -> Tensor:
    """Add the index of the image, 0, as the first column."""
    return torch.cat([boxes.new_zeros(boxes.shape[0], 1), boxes], dim=1)


def stage_masks(
    roi_head: StandardRoIHead, feats: tuple[Tensor, ...], rois: Tensor
) -> list[Tensor]:
    """Run the mask head of every stage of mmdet's RoI heads.

    Args:
        roi_head (:obj:`StandardRoIHead`): RoI head, Cascade's too.
        feats (tuple[Tensor]): Multi-level features.
        rois (Tensor): (0, x1, y1, x2, y2), shape (K, 5).

    Returns:
        list[Tensor]: Logits of each stage, of shape (K, num_classes, h, w).
    """
    stages = getattr(roi_head, 'num_stages', 0)
    runs: list[tuple] = [(stage, feats, rois) for stage in range(stages)]
    return [
        roi_head._mask_forward(*run)['mask_preds']
        for run in runs or [(feats, rois)]
    ]
