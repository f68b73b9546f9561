"""Mask scoring for a trained detector that stays as it is."""

import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.structures import SampleList
from mmdet.utils import InstanceList
from torch import Tensor

from mmdet_msrcnn.models.roi_heads.base_mask_scoring_roi_head import (
    BaseMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.scorer_samples import ScorerSamples
from mmdet_msrcnn.registry import MODELS

# Prefix of the parameters that are trained.
SCORER = 'roi_head.mask_iou_head.'


@MODELS.register_module()
class FrozenTwoStageDetector(TwoStageDetector):
    """Two-stage detector that trains only its MaskIoU head.

    All other parts stay in eval mode and get no gradient, so boxes, labels,
    class scores and masks stay those of the checkpoint.

    Args:
        **kwargs: Arguments of :class:`TwoStageDetector`. ``roi_head`` must
            have a ``mask_iou_head``.

    Raises:
        TypeError: If the RoI head has no MaskIoU head.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(**kwargs)
        if 'mask_iou_head' not in dict(self.roi_head.named_children()):
            raise TypeError(
                f'roi_head is {type(self.roi_head).__name__}, which has no '
                'mask_iou_head to train. Use dict(type='
                "'mmdet_msrcnn.MaskScoringRoIHead', mask_iou_head=...)."
            )
        self.requires_grad_(False)
        self.roi_head.mask_iou_head.requires_grad_(True)
        self._has_weights = False

    def train(self, mode: bool = True) -> 'FrozenTwoStageDetector':
        """Set the mode of the MaskIoU head; the rest stays in eval mode."""
        super().train(False)
        self.roi_head.mask_iou_head.train(mode)
        return self

    def _load_from_state_dict(self, state_dict: dict, prefix: str, *args):
        """Refuse a checkpoint of a model that is not the frozen one."""
        super()._load_from_state_dict(state_dict, prefix, *args)
        own, loaded = (
            {
                name: value.shape
                for name, value in tensors.items()
                if isinstance(value, Tensor)
                and name.startswith(prefix)
                and not name.startswith(f'{prefix}{SCORER}')
                and not name.endswith('num_batches_tracked')
            }
            for tensors in (self.state_dict(prefix=prefix), state_dict)
        )
        names = own.keys() | loaded.keys()
        unfit = sorted(n for n in names if own.get(n) != loaded.get(n))
        if unfit:
            raise ValueError(
                f'The checkpoint and the frozen detector differ in '
                f'{len(unfit)} tensors. For example, {unfit[0]} has the shape '
                f'{loaded.get(unfit[0])} in the checkpoint and '
                f'{own.get(unfit[0])} in the detector. Load a checkpoint of '
                'the same model: backbone, neck, heads and number of classes '
                'as in this config.'
            )
        self._has_weights = True

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
        if not self._has_weights:
            raise RuntimeError(
                'The frozen detector has random weights. Set load_from to a '
                'checkpoint of the trained Mask R-CNN, in the config or with '
                '--cfg-options load_from=PATH. mmdet ignores load_from with '
                '--resume, so do not use --resume for the first run.'
            )
        x = self.extract_feat(batch_inputs)
        proposals = self.rpn_head.predict_by_feat(
            *self.rpn_head(x),
            batch_img_metas=[s.metainfo for s in batch_data_samples],
            cfg=self.train_cfg.get('rpn_proposal', self.test_cfg.rpn),
        )
        return x, proposals
