"""Base class of the RoI heads that score their masks."""

from abc import abstractmethod

import torch
from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from mmdet.structures import SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import ConfigType, InstanceList, OptConfigType
from torch import Tensor

from mmdet_msrcnn.compat.mmcv_ops import prepare_roi_extractors
from mmdet_msrcnn.models.checks import build
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.roi_heads.checks import as_list, check_roi_head
from mmdet_msrcnn.models.roi_heads.scorer_logs import own_losses
from mmdet_msrcnn.models.roi_heads.stage_outputs import mean_probs
from mmdet_msrcnn.models.targets.gt_masks import pack_samples
from mmdet_msrcnn.registry import MODELS


class BaseMaskScoringRoIHead(BaseRoIHead):
    """Base class of RoI heads with a head that scores masks.

    A subclass also inherits from a RoI head of mmdet, listed after this class.
    It defines :meth:`_stage_masks` and :meth:`_paste_masks`, and adds the
    losses of the scorer: :func:`positives_loss` in its ``mask_loss``, or its
    own :meth:`scorer_loss` in its :meth:`loss`.

    Args:
        mask_iou_head (:obj:`ConfigDict` or dict): Config of the scorer, a
            :class:`BaseMaskScorer`. By default ``num_classes`` is that of the
            box head.
        mask_iou_roi_extractor (:obj:`ConfigDict` or dict, optional): RoI
            extractor of the scorer. The RoI features of the mask head are
            used by default.
        **kwargs: Arguments of the RoI head of mmdet.

    Attributes:
        trained_on (str): RoIs that the scorer is trained on; see
            :class:`BaseMaskScorer`.

    Raises:
        TypeError: If ``mask_iou_head`` is no :class:`BaseMaskScorer`, is
            trained on other RoIs, or has a key that it does not accept.
        ValueError: If the heads disagree on ``num_classes``, the RoI
            features do not fit the scorer, it needs the masks of all
            classes from a class-agnostic mask head, or ``mask_thr_binary``
            is missing from ``train_cfg`` or ``test_cfg`` or is not a
            probability.
    """

    trained_on = POSITIVES
    mask_iou_head: BaseMaskScorer

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
        self.mask_iou_roi_extractor = (
            MODELS.build(mask_iou_roi_extractor)
            if mask_iou_roi_extractor
            else None
        )
        prepare_roi_extractors(self)
        check_roi_head(self)

    @property
    def mask_iou_train_cfg(self) -> OptConfigType:
        """``train_cfg`` of the stage whose positives train the scorer."""
        cfg = self.train_cfg
        return cfg[-1] if isinstance(cfg, list | tuple) else cfg

    @abstractmethod
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
            into the mask heads, as in the authors' code.
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
        if not self.mask_iou_head.needs_all_masks:
            mask_preds = [
                select_by_label(p, labels)[:, None] for p in mask_preds
            ]
        extractor = self.mask_iou_roi_extractor
        if extractor is not None:
            mask_feats = extractor(x[: extractor.num_inputs], rois)
        return mask_feats, mean_probs(mask_preds)

    def loss(
        self,
        x: tuple[Tensor],
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
        x: tuple[Tensor],
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
            list[:obj:`InstanceData`]: The same objects, with ``masks`` of
            shape (n, H, W) and the fields of
            :meth:`BaseMaskScorer.predict_by_feat`.
        """
        rois = bbox2roi([res.bboxes for res in results_list])
        num_rois = [len(res) for res in results_list]
        if len(rois) == 0:
            results_list = super().predict_mask(
                x, batch_img_metas, results_list, rescale
            )
            preds = self.mask_iou_head.empty_preds(rois)
        else:
            labels = torch.cat([res.labels for res in results_list])
            mask_preds, mask_feats = self._stage_masks(x, rois)
            context = self.mask_iou_head.context(results_list)
            preds, _ = self.score_masks(
                x, rois, mask_preds, mask_feats, labels, context
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
            preds.split(num_rois), results_list
        )
