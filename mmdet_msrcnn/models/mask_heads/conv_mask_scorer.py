"""Layers that the MaskIoU head and the mask score head share."""

import torch
from mmcv.cnn import Conv2d, Linear
from mmdet.utils import ConfigType, OptMultiConfig
from torch import Tensor, nn

from mmdet_msrcnn.models.checks import build, check_range
from mmdet_msrcnn.models.losses.mask_iou_loss import MaskIoULoss
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer

# As in the authors' code.
INIT_CFG = (
    dict(type='Kaiming', override=dict(name='convs')),
    dict(type='Caffe2Xavier', override=dict(name='fcs')),
    dict(type='Normal', std=0.01, override=dict(name='fc_mask_iou')),
)


class ConvMaskScorer(BaseMaskScorer):
    """Scorer with convolutions and fully connected layers (section 3.2).

    Parameters have the same names as in mmdet's own MaskIoUHead, so its
    checkpoints load with ``strict=True``.

    Args:
        num_convs (int): Number of convolutions. The last has stride 2; with
            the fusion 'hr_roi' the first has stride 2 too. Defaults to 4.
        num_fcs (int): Number of fully connected layers before the output.
            Defaults to 2.
        roi_feat_size (int): See :class:`BaseMaskScorer`.
        in_channels (int): See :class:`BaseMaskScorer`.
        conv_out_channels (int): Channels of the convolutions. Defaults to
            256.
        fc_out_channels (int): Units of the fully connected layers. Defaults
            to 1024.
        num_classes (int): See :class:`BaseMaskScorer`.
        class_agnostic (bool): See :class:`BaseMaskScorer`.
        fusion (str): See :class:`BaseMaskScorer`.
        loss_iou (:obj:`ConfigDict` or dict): Config of the loss of the
            predicted MaskIoU, a :class:`MaskIoULoss`.
        init_cfg (:obj:`ConfigDict` or dict or list[:obj:`ConfigDict` or \
            dict], optional): Initialization; the authors' by default.

    Raises:
        ValueError: If an argument is out of range.
        TypeError: If ``loss_iou`` is not a :class:`MaskIoULoss`.
    """

    loss_iou: MaskIoULoss

    def __init__(
        self,
        num_convs: int = 4,
        num_fcs: int = 2,
        roi_feat_size: int = 14,
        in_channels: int = 256,
        conv_out_channels: int = 256,
        fc_out_channels: int = 1024,
        num_classes: int = 80,
        class_agnostic: bool = False,
        fusion: str = 'concat',
        loss_iou: ConfigType = dict(  # noqa: B006 - mmdet's config style
            type='mmdet_msrcnn.MaskIoULoss', tau=0.0, loss_weight=1.0
        ),
        init_cfg: OptMultiConfig = INIT_CFG,
    ) -> None:
        if isinstance(init_cfg, tuple):
            init_cfg = list(init_cfg)
        super().__init__(
            num_classes=num_classes,
            in_channels=in_channels,
            roi_feat_size=roi_feat_size,
            class_agnostic=class_agnostic,
            fusion=fusion,
            init_cfg=init_cfg,
        )
        check_range('mask_iou_head.num_convs', num_convs, 1)
        check_range('mask_iou_head.num_fcs', num_fcs, 0)
        self._init_layers(
            num_convs, num_fcs, conv_out_channels, fc_out_channels
        )
        self.loss_iou = build('mask_iou_head.loss_iou', loss_iou)
        if not isinstance(self.loss_iou, MaskIoULoss):
            raise TypeError(
                f'loss_iou is {type(self.loss_iou).__name__}, which has no '
                "tau. Use dict(type='mmdet_msrcnn.MaskIoULoss', tau=0.0, "
                "loss_weight=1.0), which equals mmdet's MSELoss with "
                'loss_weight=0.5, or a subclass of MaskIoULoss.'
            )

    @property
    def num_fc_features(self) -> int:
        """Columns of :meth:`context` that the first fc layer reads."""
        return self.num_context_features

    def _init_layers(
        self,
        num_convs: int,
        num_fcs: int,
        conv_out_channels: int,
        fc_out_channels: int,
    ) -> None:
        """Build the layers."""
        channels = self.fusion.num_channels(self.in_channels, self.num_classes)
        size = self.roi_feat_size
        self.convs = nn.ModuleList()
        for i in range(num_convs):
            stride = 2 if i == 0 and self.fusion.unpooled else 1
            stride *= 2 if i == num_convs - 1 else 1
            self.convs.append(
                Conv2d(channels, conv_out_channels, 3, stride, padding=1)
            )
            channels = conv_out_channels
            # A padded convolution rounds sizes up.
            size = -(-size // stride)
        width = channels * size**2 + self.num_fc_features
        widths = [width] + [fc_out_channels] * num_fcs
        self.fcs = nn.ModuleList(
            Linear(widths[i], widths[i + 1]) for i in range(num_fcs)
        )
        self.fc_mask_iou = Linear(
            widths[-1], 1 if self.class_agnostic else self.num_classes
        )
        self.relu = nn.ReLU(inplace=True)

    def _extract_feat(
        self,
        mask_feats: Tensor,
        mask_probs: Tensor,
        labels: Tensor,
        context: Tensor | None,
    ) -> Tensor:
        """Run all layers of :meth:`forward` except the output layers."""
        x = self.fusion.fuse(mask_feats, mask_probs, labels)
        for conv in self.convs:
            if x.device.type == 'cpu':
                # This saves 20% of the time. In float32 it makes some GPUs
                # slower (pytorch#44943).
                x = x.contiguous(memory_format=torch.channels_last)
            x = self.relu(conv(x))
        x = x.flatten(1)
        if context is not None:
            features = context[:, : self.num_fc_features]
            x = torch.cat([x, features.to(x.dtype)], dim=1)
        for fc in self.fcs:
            x = self.relu(fc(x))
        return x
