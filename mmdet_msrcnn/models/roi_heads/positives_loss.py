"""Loss of a scorer that is trained on positives."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.scorer_logs import check_logs
from mmdet_msrcnn.utils.random_state import kept_random_state


def positives_loss(
    roi_head: BaseMaskScoringRoIHead,
    x: tuple[Tensor, ...],
    mask_preds: list[Tensor],
    mask_feats: Tensor,
    sampling_results: list[SamplingResult],
    batch_gt_instances: InstanceList,
) -> dict:
    """Score the masks of the positives and compute the scorer's losses.

    Args:
        roi_head (:obj:`BaseMaskScoringRoIHead`): RoI head.
        x (tuple[Tensor]): Multi-level features.
        mask_preds (list[Tensor]): Logits of each stage for the K positives,
            shape (K, num_classes, h, w).
        mask_feats (Tensor): RoI features of the last stage.
        sampling_results (list[:obj:`SamplingResult`]): Sampling results of
            each image.
        batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of each
            image.

    Returns:
        dict: Losses and statistics of the scorer.
    """
    rois = bbox2roi([res.pos_priors for res in sampling_results])
    labels = torch.cat([res.pos_gt_labels for res in sampling_results])
    with kept_random_state():
        preds, mask_probs = roi_head.score_masks(
            x, rois, mask_preds, mask_feats, labels
        )
    loss_and_target = roi_head.mask_iou_head.loss_and_target(
        preds,
        mask_probs,
        sampling_results,
        batch_gt_instances,
        [None] * len(batch_gt_instances),
        roi_head.mask_iou_train_cfg,
    )
    return check_logs(roi_head.mask_iou_head, loss_and_target['loss_mask_iou'])


def positives_loss_from_features(
    roi_head: BaseMaskScoringRoIHead,
    x: tuple[Tensor, ...],
    sampling_results: list[SamplingResult],
    batch_gt_instances: InstanceList,
) -> dict:
    """Predict the masks of the positives, and compute the scorer's losses.

    Args:
        roi_head (:obj:`BaseMaskScoringRoIHead`): RoI head.
        x (tuple[Tensor]): Multi-level features.
        sampling_results (list[:obj:`SamplingResult`]): Sampling results of
            each image.
        batch_gt_instances (list[:obj:`InstanceData`]): Ground truth of each
            image.

    Returns:
        dict: Losses and statistics of the scorer.
    """
    rois = bbox2roi([res.pos_priors for res in sampling_results])
    mask_preds, mask_feats = roi_head._stage_masks(x, rois)
    return positives_loss(
        roi_head,
        x,
        mask_preds,
        mask_feats,
        sampling_results,
        batch_gt_instances,
    )
