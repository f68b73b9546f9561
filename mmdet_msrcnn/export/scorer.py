"""MaskIoU head for inference, built from a config and a checkpoint."""

import os
from typing import Any

import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.config import Config
from torch import Tensor, nn

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.models.detectors.mask_scored_detector import (
    MaskScoredDetector,
)
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label

# Only a head that learns the mask score has the last input.
INPUTS = ('mask_feats', 'mask_probs', 'labels', 'rank_feats')


class MaskIoUScorer(nn.Module):
    """Module that scores the mask of each RoI's own class.

    Args:
        head (:obj:`BaseMaskScorer`): Trained head.
        mask_size (int): Height and width of the predicted masks.
    """

    def __init__(self, head: BaseMaskScorer, mask_size: int) -> None:
        super().__init__()
        self.head = head
        size, num_classes = head.roi_feat_size, head.num_classes
        num_masks = num_classes if head.needs_all_masks else 1
        # Shapes for one RoI.
        self.shapes = dict(
            mask_feats=(head.in_channels, size, size),
            mask_probs=(num_masks, mask_size, mask_size),
            labels=(),
        )
        if head.num_context_features:
            self.shapes['rank_feats'] = (head.num_context_features,)
        self.outputs = head.predicts

    def forward(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        *rank_feats: Tensor,
    ) -> tuple[Tensor, ...]:
        """Predict the MaskIoU, and the mask score if the head learns it.

        Args:
            mask_feats (Tensor): See :meth:`BaseMaskScorer.forward`.
            mask_probs (Tensor): See :meth:`BaseMaskScorer.forward`.
            labels (Tensor): See :meth:`BaseMaskScorer.forward`.
            *rank_feats (Tensor): See :meth:`MaskScoreHead.forward`.

        Returns:
            tuple[Tensor]: :attr:`outputs` in [0, 1], each of shape (K, ).
        """
        preds = self.head(mask_feats, mask_probs, labels, *rank_feats)
        return self.head.decode(select_by_label(preds, labels))


def random_inputs(scorer: MaskIoUScorer, num_rois: int) -> tuple[Tensor, ...]:
    """Create random inputs, always the same for a number of RoIs."""
    generator = torch.Generator().manual_seed(num_rois)
    feats, probs, labels, *rank_feats = (
        (num_rois, *shape) for shape in scorer.shapes.values()
    )
    return (
        torch.randn(feats, generator=generator),
        torch.rand(probs, generator=generator),
        torch.randint(scorer.head.num_classes, labels, generator=generator),
        *(torch.rand(shape, generator=generator) for shape in rank_feats),
    )


def load_scorer(
    config: str | os.PathLike, checkpoint: str | os.PathLike
) -> MaskIoUScorer:
    """Build the MaskIoU head of a config and load its weights.

    Args:
        config (str or PathLike): Config of the detector.
        checkpoint (str or PathLike): Its checkpoint, a local file.

    Returns:
        MaskIoUScorer: Scorer in eval mode.

    Raises:
        TypeError: If the config has no MaskIoU head of this package.
        ValueError: If the checkpoint is refused, lacks weights of the head
            or has them in other shapes, or the config has no mask size.
    """
    content = read_checkpoint(checkpoint)
    model = build_detector(Config.fromfile(config))
    name = scorer_name(model)
    prefix = f'{name}.'
    weights = {
        key.removeprefix(prefix): value
        for key, value in content.get('state_dict', content).items()
        if key.startswith(prefix)
    }
    head = scorer_of(model)
    if not isinstance(head, BaseMaskScorer):
        found = f'{type(head).__module__}.{type(head).__name__}'
        raise TypeError(
            f'model.{name} must be a scorer such as mmdet_msrcnn.MaskIoUHead, '
            f'but {config} has {"none" if head is None else found}. Use a '
            "config of configs/ms_rcnn or one like it; the weights of mmdet's "
            'own head fit them.'
        )
    try:
        head.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f'{checkpoint} does not fit the MaskIoU head of {config}: '
            f'{error}\nThese names follow {prefix!r}. Use the config that '
            'the checkpoint was trained with.'
        ) from error
    return MaskIoUScorer(head, mask_size_of(model, config)).eval()


def scorer_name(model: nn.Module) -> str:
    """Return the name of the scorer in a detector."""
    return getattr(model, 'scorer_name', 'roi_head.mask_iou_head')


def scorer_of(model: nn.Module) -> nn.Module | None:
    """Return the scorer of a detector, None if it has none."""
    return dict(model.named_modules()).get(scorer_name(model))


def mask_size_of(model: BaseDetector, config: str | os.PathLike) -> int:
    """Find the size of the masks that the scorer of a detector reads.

    Args:
        model (BaseDetector): Detector with a scorer.
        config (str or PathLike): Its config, for the message.

    Returns:
        int: Height and width.

    Raises:
        ValueError: If the config has no mask size.
    """
    if isinstance(model, MaskScoredDetector):
        return model.mask_size
    roi_head: Any = model.roi_head
    train_cfg = roi_head.mask_iou_train_cfg or {}
    if 'mask_size' not in train_cfg:
        raise ValueError(
            f'model.train_cfg.rcnn of {config} has no mask_size. Set it to '
            'the height of the predicted masks, such as 28.'
        )
    return train_cfg['mask_size']
