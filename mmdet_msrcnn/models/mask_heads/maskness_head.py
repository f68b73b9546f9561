"""Mask score computed from the predicted mask, without parameters."""

from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.utils import ConfigType, InstanceList, OptMultiConfig
from mmengine.config import ConfigDict
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.mask_heads.maskness import maskness
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MasknessHead(BaseMaskScorer):
    """Head that uses a mask's mean foreground probability as its IoU.

    This is SOLO's maskness (https://arxiv.org/abs/2106.15947). The head has
    no parameters, so a trained Mask R-CNN can be tested with it unchanged.

    Args:
        mask_thr (float): Probability from which a pixel is foreground.
            Defaults to 0.5.
        num_classes (int): See :class:`BaseMaskScorer`.
        in_channels (int): See :class:`BaseMaskScorer`.
        roi_feat_size (int): See :class:`BaseMaskScorer`.
        class_agnostic (bool): See :class:`BaseMaskScorer`.
        fusion (str): See :class:`BaseMaskScorer`.
        num_convs, num_fcs, conv_out_channels, fc_out_channels, \
            target_classes, loss_iou, init_cfg: Ignored. They are accepted so
            that changing ``type`` is enough to replace a
            :class:`MaskIoUHead`.
    """

    trained_on = POSITIVES
    predicts = ('mask_ious',)
    logs = ()

    def __init__(
        self,
        mask_thr: float = 0.5,
        num_classes: int = 80,
        in_channels: int = 256,
        roi_feat_size: int = 14,
        class_agnostic: bool = False,
        fusion: str = 'concat',
        num_convs: int | None = None,
        num_fcs: int | None = None,
        conv_out_channels: int | None = None,
        fc_out_channels: int | None = None,
        target_classes: str | None = None,
        loss_iou: ConfigType | None = None,
        init_cfg: OptMultiConfig = None,
    ) -> None:
        super().__init__(
            num_classes, in_channels, roi_feat_size, class_agnostic, fusion
        )
        self.mask_thr = mask_thr

    def forward(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        context: Tensor | None = None,
    ) -> Tensor:
        """Compute the maskness.

        Args:
            mask_feats (Tensor): Unused.
            mask_probs (Tensor): See :meth:`BaseMaskScorer.forward`.
            labels (Tensor): See :meth:`BaseMaskScorer.forward`.
            context (Tensor, optional): Unused.

        Returns:
            Tensor: Maskness in [0, 1], 0 if there is no foreground; shape
            (K, 1).
        """
        probs = select_by_label(mask_probs, labels)
        return maskness(probs, self.mask_thr)[:, None]

    def decode(self, preds: Tensor) -> tuple[Tensor, ...]:
        """Clamp the maskness to [0, 1]; see :meth:`BaseMaskScorer.decode`."""
        return (preds.clamp(0, 1),)

    def get_targets(
        self,
        mask_probs: Tensor,
        samples: list[SamplingResult] | InstanceList,
        batch_gt_instances: InstanceList,
        batch_gt_instances_ignore: InstanceList,
        rcnn_train_cfg: ConfigDict,
    ) -> dict[str, Tensor]:
        """Refuse to train.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError(
            'MasknessHead has nothing to train. Test a Mask R-CNN with it, '
            'or train a mmdet_msrcnn.MaskIoUHead.'
        )

    def loss_by_targets(
        self, preds: Tensor, labels: Tensor, targets: dict[str, Tensor]
    ) -> dict[str, Tensor]:
        """Refuse to train; see :meth:`get_targets`."""
        raise RuntimeError('MasknessHead has nothing to train.')
