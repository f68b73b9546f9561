"""Base class of the RoI heads that score their masks."""

from abc import abstractmethod

import torch
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.roi_heads.isolation import scale_gradient
from mmdet_msrcnn.models.roi_heads.roi_head_with_scorer import (
    RoIHeadWithScorer,
)
from mmdet_msrcnn.models.roi_heads.scorer_logs import own_losses
from mmdet_msrcnn.models.roi_heads.stage_outputs import mean_probs
from mmdet_msrcnn.models.targets.gt_masks import pack_samples
from mmdet_msrcnn.utils.rank_by import MASK_SCORE, by_mask_score


class BaseMaskScoringRoIHead(RoIHeadWithScorer):
    """Base class of RoI heads that score their masks.

    A subclass also inherits from a RoI head of mmdet, listed after this class.
    It defines :meth:`_stage_masks` and :meth:`_paste_masks`, and adds the
    losses of the scorer: :func:`positives_loss` in its ``mask_loss``, or its
    own :meth:`scorer_loss` in its :meth:`loss`.

    Arguments and errors are those of :class:`RoIHeadWithScorer`.
    """

    @abstractmethod
    def _stage_masks(
        self, x: tuple[Tensor, ...], rois: Tensor
    ) -> tuple[list[Tensor], Tensor]:
        """Run the mask head of every stage.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5).

        Returns:
            tuple[list[Tensor], Tensor]: Logits of each stage, of shape
            (K, num_classes, h, w), and the last stage's RoI features.
        """

    @abstractmethod
    def _paste_masks(
        self,
        mask_preds: list[Tensor],
        num_rois: list[int],
        results_list: InstanceList,
        **kwargs,
    ) -> InstanceList:
        """Paste the masks of :meth:`_stage_masks` as mmdet's head does."""

    def score_masks(
        self,
        x: tuple[Tensor, ...],
        rois: Tensor,
        mask_preds: list[Tensor],
        mask_feats: Tensor,
        labels: Tensor,
        context: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Run the scorer on the masks of the given classes.

        Arguments are the inputs and outputs of :meth:`_stage_masks`, and
        the inputs of :meth:`BaseMaskScorer.forward`.

        Returns:
            tuple[Tensor, Tensor]: Output of the scorer, and the mask
            probabilities that it read, averaged over stages, of shape
            (K, 1 or num_classes, h, w). The loss back-propagates through them
            into the mask heads, as in the authors' code, with ``mask_grad``.
        """
        feats, probs = self.scorer_inputs(
            x, rois, mask_preds, mask_feats, labels
        )
        return self.mask_iou_head(feats, probs, labels, context), probs

    def scorer_inputs(
        self,
        x: tuple[Tensor, ...],
        rois: Tensor,
        mask_preds: list[Tensor],
        mask_feats: Tensor,
        labels: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Compute the RoI features and the mask probabilities to score.

        Arguments are those of :meth:`score_masks`.

        Returns:
            tuple[Tensor, Tensor]: The first two inputs of
            :meth:`BaseMaskScorer.forward`.
        """
        if self.mask_iou_head.needs_all_masks:
            # A multinomial mask head predicts the background too.
            classes = slice(self.mask_iou_head.num_classes)
            mask_preds = [p[:, classes] for p in mask_preds]
        else:
            mask_preds = [
                select_by_label(p, labels)[:, None] for p in mask_preds
            ]
        mask_preds = [scale_gradient(p, self.mask_grad) for p in mask_preds]
        extractor = self.mask_iou_roi_extractor
        if extractor is None:
            mask_feats = scale_gradient(mask_feats, self.roi_feat_grad)
        else:
            levels = x[: extractor.num_inputs]
            mask_feats = extractor(
                tuple(scale_gradient(f, self.roi_feat_grad) for f in levels),
                rois,
            )
        return mask_feats, mean_probs(mask_preds)

    def loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute the losses of all heads.

        Args:
            x (tuple[Tensor]): Multi-level features.
            rpn_results_list (list[:obj:`InstanceData`]): Region proposals.
            batch_data_samples (list[:obj:`DetDataSample`]): Ground truth.
                Its masks are packed once for all heads.

        Returns:
            dict: Losses of mmdet's RoI head and of the scorer.
        """
        samples = pack_samples(batch_data_samples, x[0].device)
        return super().loss(x, rpn_results_list, samples)

    def scorer_loss(
        self,
        x: tuple[Tensor, ...],
        rpn_results_list: InstanceList,
        batch_data_samples: SampleList,
    ) -> dict:
        """Compute only the losses of the scorer, for a frozen detector.

        Arguments are those of :meth:`loss`.

        Returns:
            dict: Losses and statistics of the scorer.
        """
        losses = self.loss(x, rpn_results_list, batch_data_samples)
        return own_losses(self.mask_iou_head, losses)

    def predict_mask(
        self,
        x: tuple[Tensor, ...],
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
            list[:obj:`InstanceData`]: Detections with ``masks`` of shape
            (n, H, W) and the fields of
            :meth:`BaseMaskScorer.predict_by_feat`, ranked by
            ``test_cfg.rank_by`` (see :func:`by_mask_score`).
        """
        rois = bbox2roi([res.bboxes for res in results_list])
        num_rois = [len(res) for res in results_list]
        if len(rois) == 0:
            results_list = super().predict_mask(
                x, batch_img_metas, results_list, rescale
            )
            preds = self.mask_iou_head.empty_preds(rois)
            results_list = self.mask_iou_head.predict_by_feat(
                preds.split(num_rois), results_list
            )
            return self._rank(results_list, [])[0]
        labels = torch.cat([res.labels for res in results_list])
        mask_preds, mask_feats = self._stage_masks(x, rois)
        context = self.mask_iou_head.context(results_list)
        preds, _ = self.score_masks(
            x, rois, mask_preds, mask_feats, labels, context
        )
        results_list = self.mask_iou_head.predict_by_feat(
            preds.split(num_rois), results_list
        )
        # Before pasting, which makes masks large.
        results_list, mask_preds = self._rank(results_list, mask_preds)
        return self._paste_masks(
            mask_preds,
            num_rois,
            results_list,
            batch_img_metas=batch_img_metas,
            rcnn_test_cfg=self.test_cfg,
            rescale=rescale,
        )

    def _rank(
        self, results_list: InstanceList, mask_preds: list[Tensor]
    ) -> tuple[InstanceList, list[Tensor]]:
        """Put detections and their mask logits in order of the mask score."""
        if self.test_cfg.get('rank_by') != MASK_SCORE:
            return results_list, mask_preds
        num_rois = [len(results) for results in results_list]
        ranked, orders = zip(*map(by_mask_score, results_list), strict=True)
        mask_preds = [
            torch.cat(
                [
                    logits[order]
                    for logits, order in zip(
                        stage.split(num_rois), orders, strict=True
                    )
                ]
            )
            for stage in mask_preds
        ]
        return list(ranked), mask_preds
