"""Mask head of fully connected layers (Mask R-CNN, table 2e)."""

from mmcv.cnn import Linear
from mmengine.model import ModuleList, normal_init, xavier_init
from torch import Tensor, nn

from mmdet_msrcnn.models.checks import check_range
from mmdet_msrcnn.models.mask_heads.fcn_mask_head import FCNMaskHead
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class MLPMaskHead(FCNMaskHead):
    """Mask head that predicts all pixels from one vector of the RoI.

    Mask R-CNN (https://arxiv.org/abs/1703.06870, table 2e) compares two and
    three layers, 1024 -> 1024 (-> 1024) -> 80 x 28 x 28, with its FCN.
    Targets, loss and pasting are those of :class:`FCNMaskHead`.

    Args:
        num_fcs (int): Hidden layers, at least 1. Defaults to 2.
        fc_out_channels (int): Their width. Defaults to 1024.
        mask_size (int): Height and width of the predicted masks. Defaults to
            28.
        roi_feat_size (int): Height and width of the RoI feature. Defaults to
            14.
        in_channels (int): Channels of the RoI feature. Defaults to 256.
        **kwargs: ``num_classes``, ``class_agnostic`` and ``loss_mask`` of
            :class:`FCNMaskHead`.

    Raises:
        ValueError: If ``num_fcs`` is below 1.
    """

    def __init__(
        self,
        num_fcs: int = 2,
        fc_out_channels: int = 1024,
        mask_size: int = 28,
        roi_feat_size: int = 14,
        in_channels: int = 256,
        **kwargs,
    ) -> None:
        check_range('mask_head.num_fcs', num_fcs, 1)
        super().__init__(
            num_convs=0,
            roi_feat_size=roi_feat_size,
            in_channels=in_channels,
            upsample_cfg=dict(type=None),
            **kwargs,
        )
        # Replaced by fc_logits.
        del self.conv_logits
        self.mask_size = mask_size
        num_masks = 1 if self.class_agnostic else self.num_classes
        width = in_channels * roi_feat_size**2
        self.fcs = ModuleList()
        for _ in range(num_fcs):
            self.fcs.append(Linear(width, fc_out_channels))
            width = fc_out_channels
        self.fc_logits = Linear(width, num_masks * mask_size**2)

    def init_weights(self) -> None:
        """Initialize the layers."""
        for fc in self.fcs:
            xavier_init(fc, distribution='uniform')
        normal_init(self.fc_logits, std=0.001)
        self.is_init = True

    def forward(self, x: Tensor) -> Tensor:
        """Predict masks.

        Args:
            x (Tensor): RoI features, shape
                (K, in_channels, roi_feat_size, roi_feat_size).

        Returns:
            Tensor: Logits, shape (K, num_classes, mask_size, mask_size), or
            (K, 1, mask_size, mask_size) if class-agnostic.
        """
        x = x.flatten(1)
        for fc in self.fcs:
            x = nn.functional.relu(fc(x))
        num_masks = 1 if self.class_agnostic else self.num_classes
        return self.fc_logits(x).view(
            -1, num_masks, self.mask_size, self.mask_size
        )
