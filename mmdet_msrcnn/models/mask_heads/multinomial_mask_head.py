"""Mask head whose classes compete (Mask R-CNN, table 2b)."""

from mmcv.cnn import build_conv_layer
from mmdet.utils import ConfigType
from torch import Tensor, nn

from mmdet_msrcnn.models.losses.multinomial_mask_loss import (
    MultinomialMaskLoss,
)
from mmdet_msrcnn.models.mask_heads.fcn_mask_head import FCNMaskHead
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MultinomialMaskHead(FCNMaskHead):
    """FCNMaskHead with a softmax over the classes and the background.

    Mask R-CNN (https://arxiv.org/abs/1703.06870, table 2b) compares it with
    independent masks for each class. The paper does not say how a mask is cut
    from the probabilities. Here a pixel is foreground if the share of the
    detected class in the probability of this class and the background is at
    least ``mask_thr_binary``: with 0.5, where the class is the likelier one.

    Args:
        loss_mask (:obj:`ConfigDict` or dict): Config of a
            :class:`MultinomialMaskLoss`.
        class_agnostic (bool): Must be False. Defaults to False.
        **kwargs: Other arguments of :class:`FCNMaskHead`.

    Raises:
        ValueError: If ``class_agnostic`` is True.
        TypeError: If ``loss_mask`` is another loss.
    """

    conv_logits: nn.Conv2d

    def __init__(
        self,
        loss_mask: ConfigType = dict(  # noqa: B006 - mmdet's config style
            type='mmdet_msrcnn.MultinomialMaskLoss', loss_weight=1.0
        ),
        class_agnostic: bool = False,
        **kwargs,
    ) -> None:
        if class_agnostic:
            raise ValueError(
                'mask_head.class_agnostic must be False, got True: the '
                'classes of a mmdet_msrcnn.MultinomialMaskHead compete. Use '
                'mmdet_msrcnn.FCNMaskHead.'
            )
        super().__init__(loss_mask=loss_mask, **kwargs)
        if not isinstance(self.loss_mask, MultinomialMaskLoss):
            raise TypeError(
                'mask_head.loss_mask must be a '
                'mmdet_msrcnn.MultinomialMaskLoss, got '
                f'{type(self.loss_mask).__name__}. In a config that inherits '
                'another loss, also set _delete_=True.'
            )
        self.conv_logits = build_conv_layer(
            self.predictor_cfg,
            self.conv_logits.in_channels,
            self.num_classes + 1,
            1,
        )

    def forward(self, x: Tensor) -> Tensor:
        """Predict masks.

        Args:
            x (Tensor): RoI features, shape (K, in_channels, h, w).

        Returns:
            Tensor: Scores of the classes less that of the background, and 0
            for the background, in float32, shape (K, num_classes + 1,
            mask_size, mask_size). The sigmoid of a score is the share that
            decides, and the softmax of all is that of the loss.
        """
        scores = super().forward(x).float()
        return scores - scores[:, -1:]
