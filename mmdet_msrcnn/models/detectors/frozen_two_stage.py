"""Mask scoring for a trained detector that stays as it is."""

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.detectors.frozen_detector import FrozenDetector
from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class FrozenTwoStageDetector(FrozenDetector, TwoStageDetector):
    """Two-stage detector that trains only its MaskIoU head.

    All other parts stay in eval mode and get no gradient, so boxes, labels,
    class scores and masks stay those of the checkpoint.

    Args:
        **kwargs: Arguments of :class:`TwoStageDetector`. ``roi_head`` must
            have a ``mask_iou_head``.

    Raises:
        TypeError: If the RoI head has no MaskIoU head.
    """

    scorer_name = 'roi_head.mask_iou_head'

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        if 'mask_iou_head' not in dict(self.roi_head.named_children()):
            raise TypeError(
                f'roi_head is {type(self.roi_head).__name__}, which has no '
                'mask_iou_head to train. Use dict(type='
                "'mmdet_msrcnn.MaskScoringRoIHead', mask_iou_head=...)."
            )
        self.freeze()

    def loss(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> dict:
        """Compute the loss of the MaskIoU head.

        Args:
            batch_inputs (Tensor): Images, shape (N, C, H, W).
            batch_data_samples (list[:obj:`DetDataSample`]): Their ground
                truth.

        Returns:
            dict: ``loss_mask_iou``, the statistics of its targets, and other
            losses of the head, if any.

        Raises:
            RuntimeError: If no checkpoint has been loaded.
        """
        x, proposals = self._propose(batch_inputs, batch_data_samples)
        if isinstance(self.roi_head, BaseMaskScoringRoIHead):
            return self.roi_head.scorer_loss(x, proposals, batch_data_samples)
        # mmdet's own MaskScoringRoIHead, for comparisons.
        losses = self.roi_head.loss(x, proposals, batch_data_samples)
        return {k: v for k, v in losses.items() if 'mask_iou' in k}

    @torch.no_grad()
    def scorer_samples(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> ScorerSamples:
        """Compute what the MaskIoU head trains on, to store it.

        Arguments and errors are those of :meth:`loss`.

        Returns:
            ScorerSamples: See ``scorer_samples`` of the RoI head.
        """
        x, proposals = self._propose(batch_inputs, batch_data_samples)
        return self.roi_head.scorer_samples(x, proposals, batch_data_samples)

    @torch.no_grad()
    def _propose(
        self, batch_inputs: Tensor, batch_data_samples: SampleList
    ) -> tuple[tuple[Tensor], InstanceList]:
        """Compute multi-level features and region proposals."""
        self.check_has_weights()
        x = self.extract_feat(batch_inputs)
        proposals = self.rpn_head.predict_by_feat(
            *self.rpn_head(x),
            batch_img_metas=[s.metainfo for s in batch_data_samples],
            cfg=self.train_cfg.get('rpn_proposal', self.test_cfg.rpn),
        )
        return x, proposals
