"""Scores of RoIs without post-processing."""

from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.stage_outputs import as_detections


def score_rois(
    roi_head: BaseMaskScoringRoIHead,
    x: tuple[Tensor, ...],
    rois: Tensor,
    cls_score: Tensor,
) -> tuple[list[Tensor], Tensor]:
    """Predict the masks of RoIs and score those of the most likely class.

    Args:
        roi_head (BaseMaskScoringRoIHead): RoI head.
        x (tuple[Tensor]): Multi-level features.
        rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5).
        cls_score (Tensor): Logits, the background last, shape
            (K, num_classes + 1).

    Returns:
        tuple[list[Tensor], Tensor]: Logits of each stage, and output of the
        scorer.
    """
    scorer = roi_head.mask_iou_head
    labels = cls_score[:, : scorer.num_classes].argmax(dim=1)
    mask_preds, mask_feats = roi_head._stage_masks(x, rois)
    context = scorer.context(as_detections(rois, cls_score, labels))
    preds, _ = roi_head.score_masks(
        x, rois, mask_preds, mask_feats, labels, context
    )
    return mask_preds, preds
