"""Replacement of the modules that cannot be exported, with equal results."""

from copy import deepcopy
from typing import Any

from mmcv.cnn.bricks import Conv2dAdaptivePadding
from mmcv.ops import (
    DeformConv2dPack,
    ModulatedDeformConv2dPack,
)
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.utils import _pair

from mmdet_msrcnn.export.detector.ops import deform_conv, roi_align


class ExportableRoIExtractor(nn.Module):
    """:class:`SingleRoIExtractor` without a branch that depends on the data.

    Args:
        extractor (:obj:`SingleRoIExtractor`): The extractor.

    Raises:
        ValueError: If its layers are not RoIAlign with mean pooling.
    """

    def __init__(self, extractor: SingleRoIExtractor) -> None:
        super().__init__()
        layer: Any = extractor.roi_layers[0]
        if type(layer).__name__ != 'RoIAlign' or layer.pool_mode != 'avg':
            raise ValueError(
                'roi_layer of a RoI extractor must be RoIAlign with '
                f"pool_mode 'avg' to be exported, got {layer}"
            )
        self.extractor: Any = extractor
        self.num_inputs = extractor.num_inputs
        self.layer: Any = layer
        layers: Any = extractor.roi_layers
        self.scales = [other.spatial_scale for other in layers]

    def forward(self, feats: tuple[Tensor, ...], rois: Tensor) -> Tensor:
        """Compute the features of RoIs of one image.

        Args:
            feats (tuple[Tensor]): Levels, each of shape (1, C, h, w).
            rois (Tensor): (0, x1, y1, x2, y2), shape (K, 5).

        Returns:
            Tensor: Shape (K, C, H, W).
        """
        levels = rois[:, 0].long()
        if len(feats) > 1:
            levels = self.extractor.map_roi_levels(rois, len(feats))
        return roi_align(
            list(feats),
            rois[:, 1:],
            levels,
            self.scales,
            list(self.layer.output_size),
            self.layer.sampling_ratio,
            self.layer.aligned,
        )


class ExportableDeformConv(nn.Module):
    """Deformable convolution of mmcv with the offsets it learns.

    Args:
        conv (:obj:`DeformConv2dPack` or :obj:`ModulatedDeformConv2dPack`):
            The convolution.
    """

    def __init__(
        self, conv: DeformConv2dPack | ModulatedDeformConv2dPack
    ) -> None:
        super().__init__()
        self.conv: Any = conv
        self.modulated = isinstance(conv, ModulatedDeformConv2dPack)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the convolution of features of shape (B, C, H, W)."""
        conv, mask = self.conv, None
        offset = conv.conv_offset(x)
        if self.modulated:
            first, mask = offset.split(offset.shape[1] // 3 * 2, dim=1)
            offset, mask = first, mask.sigmoid()
        return deform_conv(
            x,
            offset,
            mask,
            conv.weight,
            getattr(conv, 'bias', None),
            _pair(conv.stride),
            _pair(conv.padding),
            _pair(conv.dilation),
            conv.groups,
            conv.deform_groups,
        )


class ExportableAdaptiveConv(nn.Module):
    """Convolution of mmcv that pads as TensorFlow's 'same'.

    Its sizes are computed in whole numbers, which the export can simplify.

    Args:
        conv (:obj:`Conv2dAdaptivePadding`): The convolution.
    """

    def __init__(self, conv: Conv2dAdaptivePadding) -> None:
        super().__init__()
        self.conv: Any = conv

    def forward(self, x: Tensor) -> Tensor:
        """Compute the convolution of features of shape (B, C, H, W)."""
        conv, pads = self.conv, []
        for axis in (1, 0):
            size, stride = x.shape[2 + axis], conv.stride[axis]
            kernel = conv.dilation[axis] * (conv.kernel_size[axis] - 1) + 1
            # Of size / stride, rounded up
            steps = -(-size // stride)
            more = max((steps - 1) * stride + kernel - size, 0)
            pads += [more // 2, more - more // 2]
        return F.conv2d(
            F.pad(x, pads),
            conv.weight,
            conv.bias,
            conv.stride,
            conv.padding,
            conv.dilation,
            conv.groups,
        )


REPLACEMENTS: dict[type, type] = {
    SingleRoIExtractor: ExportableRoIExtractor,
    Conv2dAdaptivePadding: ExportableAdaptiveConv,
    DeformConv2dPack: ExportableDeformConv,
    ModulatedDeformConv2dPack: ExportableDeformConv,
}


def exportable(model: nn.Module) -> nn.Module:
    """Copy a model and replace the modules that cannot be exported.

    Args:
        model (nn.Module): Detector.

    Returns:
        nn.Module: Copy with equal results for an image.
    """
    model = deepcopy(model).eval()
    # A shared module is replaced by one.
    replaced: dict[nn.Module, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in parent._modules.items():
            replacement = REPLACEMENTS.get(type(child))
            if child is not None and replacement is not None:
                if child not in replaced:
                    replaced[child] = replacement(child)
                parent._modules[name] = replaced[child]
    return model
