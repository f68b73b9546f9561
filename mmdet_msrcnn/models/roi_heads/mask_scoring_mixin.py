"""What the RoI heads that score their masks have in common."""

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import ConfigType, InstanceList, OptConfigType
from torch import Tensor

from mmdet_msrcnn.compat.mmcv_ops import prepare_roi_extractors
from mmdet_msrcnn.models.checks import (
    as_list,
    build,
    check_class_agnostic,
    check_mask_thr,
    check_num_classes,
    check_roi_feats,
    check_type,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.registry import MODELS


def mean_probs(mask_preds: list[Tensor]) -> Tensor:
    """Mean of the stages' probabilities, from logits of the same shape."""
    return torch.stack([logits.sigmoid() for logits in mask_preds]).mean(0)


class MaskScoringMixin:
    """Adds a MaskIoU head to a RoI head of mmdet, which it precedes as base.

    The RoI head defines :meth:`_stage_masks` and :meth:`_paste_masks`.

    Args:
        mask_iou_head (:obj:`ConfigDict` or dict): Config of the MaskIoU head.
            ``num_classes`` is taken from the box head where it is not given.
        mask_iou_roi_extractor (:obj:`ConfigDict` or dict, optional): RoI
            extractor of the MaskIoU head. The RoI features of the mask head
            are used by default.
        **kwargs: Arguments of the RoI head.

    Raises:
        TypeError: If ``mask_iou_head`` is not of this package or has a key
            that it does not take.
        ValueError: If the heads disagree on ``num_classes``, the RoI
            features do not fit the MaskIoU head, it needs the masks of all
            classes from a class-agnostic mask head, or ``mask_thr_binary``
            is missing from ``train_cfg`` or ``test_cfg`` or is not a
            probability.
    """

    scores_detections = False

    def __init__(
        self,
        mask_iou_head: ConfigType,
        mask_iou_roi_extractor: OptConfigType = None,
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        mask_iou_head = dict(mask_iou_head)
        mask_iou_head.setdefault(
            'num_classes', as_list(self.bbox_head)[-1].num_classes
        )
        self.mask_iou_head = build('mask_iou_head', mask_iou_head)
        check_type(self)
        self.mask_iou_roi_extractor = (
            MODELS.build(mask_iou_roi_extractor)
            if mask_iou_roi_extractor
            else None
        )
        prepare_roi_extractors(self)
        check_num_classes(self)
        check_roi_feats(self)
        check_class_agnostic(self)
        check_mask_thr(self)

    @property
    def mask_iou_train_cfg(self) -> OptConfigType:
        """``train_cfg`` of the stage whose positives train the head."""
        cfg = self.train_cfg
        return cfg[-1] if isinstance(cfg, list | tuple) else cfg

    def _stage_masks(
        self, x: tuple[Tensor], rois: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Run the mask head of every stage.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5).

        Returns:
            tuple[list[Tensor], Tensor]: Logits of each stage, of shape
            (K, num_classes, h, w), and the last stage's RoI features.
        """
        raise NotImplementedError

    def _roi_context(
        self, rois: Tensor, cls_score: Tensor, labels: Tensor
    ) -> tuple[Tensor, ...]:
        """:meth:`MaskIoUHead.context` of RoIs that are not detections."""
        return ()

    def _paste_masks(
        self,
        mask_preds: list[Tensor],
        num_rois: list[int],
        results_list: InstanceList,
        **kwargs,
    ) -> InstanceList:
        """Paste the masks of :meth:`_stage_masks` as mmdet's head does."""
        raise NotImplementedError

    def _mask_iou_forward(
        self,
        x: tuple[Tensor],
        rois: Tensor,
        mask_preds: list[Tensor],
        mask_feats: Tensor,
        labels: Tensor,
        *context: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Run the MaskIoU head on the masks of the given classes.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rois (Tensor): Shape (K, 5).
            mask_preds (list[Tensor]): See :meth:`_stage_masks`.
            mask_feats (Tensor): See there.
            labels (Tensor): Class of each RoI, shape (K, ).
            *context (Tensor): See :meth:`MaskIoUHead.context`.

        Returns:
            tuple[Tensor, Tensor]: Predictions of shape (K, num_classes), and
            the mask probabilities they were made from, averaged over stages,
            of shape (K, 1 or num_classes, h, w). Their gradient reaches the
            mask heads, as in the authors' code.
        """
        if not self.mask_iou_head.needs_all_masks:
            mask_preds = [
                select_by_label(p, labels)[:, None] for p in mask_preds
            ]
        mask_probs = mean_probs(mask_preds)
        extractor = self.mask_iou_roi_extractor
        if extractor is not None:
            mask_feats = extractor(x[: extractor.num_inputs], rois)
        preds = self.mask_iou_head(mask_feats, mask_probs, labels, *context)
        return preds, mask_probs

    def _mask_iou_loss(
        self,
        x: tuple[Tensor],
        mask_preds: list[Tensor],
        mask_feats: Tensor,
        sampling_results: list[SamplingResult],
        batch_gt_instances: InstanceList,
    ) -> dict:
        """Losses and statistics of the MaskIoU head on the positives."""
        rois = bbox2roi([res.pos_priors for res in sampling_results])
        labels = torch.cat([res.pos_gt_labels for res in sampling_results])
        mask_iou_preds, mask_probs = self._mask_iou_forward(
            x, rois, mask_preds, mask_feats, labels
        )
        loss_and_target = self.mask_iou_head.loss_and_target(
            mask_iou_preds,
            mask_probs,
            sampling_results,
            batch_gt_instances,
            self.mask_iou_train_cfg,
        )
        return loss_and_target['loss_mask_iou']

    def predict_mask(
        self,
        x: tuple[Tensor],
        batch_img_metas: list[dict],
        results_list: InstanceList,
        rescale: bool = False,
    ) -> InstanceList:
        """Predict the masks of the detections and score them.

        Args:
            x (tuple[Tensor]): Multi-level features.
            batch_img_metas (list[dict]): Meta information of each image.
            results_list (list[:obj:`InstanceData`]): Detections of each
                image.
            rescale (bool): Return boxes and masks in the original image's
                size. Defaults to False.

        Returns:
            list[:obj:`InstanceData`]: The same objects, with

            - masks (Tensor): Shape (n, H, W).
            - mask_ious (Tensor): Predicted MaskIoU in [0, 1], shape (n, ).
            - mask_scores (Tensor): What ranks masks, as the head defines
              it, shape (n, ).
        """
        rois = bbox2roi([res.bboxes for res in results_list])
        num_rois = [len(res) for res in results_list]
        if len(rois) == 0:
            results_list = super().predict_mask(
                x, batch_img_metas, results_list, rescale
            )
            mask_iou_preds = self.mask_iou_head.empty_preds(rois)
        else:
            labels = torch.cat([res.labels for res in results_list])
            mask_preds, mask_feats = self._stage_masks(x, rois)
            mask_iou_preds, _ = self._mask_iou_forward(
                x,
                rois,
                mask_preds,
                mask_feats,
                labels,
                *self.mask_iou_head.context(results_list),
            )
            results_list = self._paste_masks(
                mask_preds,
                num_rois,
                results_list,
                batch_img_metas=batch_img_metas,
                rcnn_test_cfg=self.test_cfg,
                rescale=rescale,
            )
        return self.mask_iou_head.predict_by_feat(
            mask_iou_preds.split(num_rois), results_list
        )
