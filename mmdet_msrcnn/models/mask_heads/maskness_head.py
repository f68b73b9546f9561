"""A rival of the MaskIoU head that costs nothing."""

import torch
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.mask_heads.mask_iou_head import MaskIoUHead
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MasknessHead(MaskIoUHead):
    """Takes the mean foreground probability of a mask for its IoU.

    SOLO's maskness (https://arxiv.org/abs/2106.15947). It has no parameters:
    a Mask R-CNN is tested with it as it is.

    Args:
        mask_thr (float): Probability from which a pixel is foreground.
            Defaults to 0.5.
        **kwargs: Arguments of :class:`MaskIoUHead` that describe its input.
    """

    def __init__(self, mask_thr: float = 0.5, **kwargs) -> None:
        super().__init__(**kwargs, init_cfg=None)
        self.mask_thr = mask_thr

    def _init_layers(self, *args) -> None:
        """Build nothing."""

    def loss_and_target(self, *args) -> dict:
        """Refuse to train.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            'MasknessHead has nothing to train. Test a Mask R-CNN with it, '
            'or train a mmdet_msrcnn.MaskIoUHead.'
        )

    def forward(
        self, mask_feats: Tensor, mask_probs: Tensor, labels: Tensor
    ) -> Tensor:
        """Compute the maskness.

        Args:
            mask_feats (Tensor): Unused.
            mask_probs (Tensor): See :meth:`MaskIoUHead.forward`.
            labels (Tensor): See there.

        Returns:
            Tensor: In [0, 1], 0 without foreground; shape (K, 1).
        """
        probs = select_by_label(mask_probs, labels)
        foreground = probs >= self.mask_thr
        total = torch.where(foreground, probs, 0).sum((1, 2))
        return (total / foreground.sum((1, 2)).clamp(min=1))[:, None]
