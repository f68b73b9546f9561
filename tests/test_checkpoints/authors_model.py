"""The authors' model, worked by hand from a checkpoint with their names.

An independent oracle: no table of the package and no module of mmdet, only
torch's functions, background first and boxes that end in their last pixel.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCKS = (3, 4, 6, 3)
STRIDES = (4, 8, 16, 32, 64)
# Anchors of 8 times these widths and heights. They are rounded before they are
# multiplied: 4 x 4 at a ratio of 1 to 2 is 5.66 x 2.83, that is 6 x 3.
UNIT_SIZES = (
    ((6, 3), (4, 4), (3, 6)),
    ((11, 6), (8, 8), (6, 12)),
    ((23, 12), (16, 16), (11, 22)),
    ((45, 22), (32, 32), (23, 46)),
    ((91, 46), (64, 64), (45, 90)),
)


def cell_anchors() -> list[Tensor]:
    """Anchors of the first cell of each level, last pixel included."""
    levels = []
    for stride, sizes in zip(STRIDES, UNIT_SIZES, strict=True):
        size = torch.tensor(sizes) * 8.0
        centre = (stride - 1) / 2
        half = (size - 1) / 2
        levels.append(torch.cat([centre - half, centre + half], 1))
    return levels


def checkpoint(
    num_classes: int = 3, width: int = 8, channels: int = 16, units: int = 32
) -> dict:
    """Random weights of a narrow R-50 FPN, as the authors' code saves them.

    Returns:
        dict: ``model`` and what lies beside it.
    """
    generator = torch.Generator().manual_seed(0)
    weights = {}

    def layer(name: str, *shape: int, bias: bool = True) -> None:
        fan_in = math.prod(shape[1:])
        weight = torch.randn(shape, generator=generator)
        weights[f'module.{name}.weight'] = weight * (2 / fan_in) ** 0.5
        if bias:
            # A transposed convolution has its outputs second.
            outputs = shape[1] if name.endswith('conv5_mask') else shape[0]
            values = torch.randn(outputs, generator=generator)
            weights[f'module.{name}.bias'] = values * 0.1

    def norm(name: str, num: int) -> None:
        for end in ('weight', 'bias', 'running_mean', 'running_var'):
            values = torch.rand(num, generator=generator)
            low = 0.5 if end in ('weight', 'running_var') else -0.5
            weights[f'module.{name}.{end}'] = values + low

    body = 'backbone.body'
    layer(f'{body}.stem.conv1', width, 3, 7, 7, bias=False)
    norm(f'{body}.stem.bn1', width)
    inputs = width
    for stage, blocks in enumerate(BLOCKS, 1):
        mid = width * 2 ** (stage - 1)
        for block in range(blocks):
            at = f'{body}.layer{stage}.{block}'
            if block == 0:
                layer(f'{at}.downsample.0', 4 * mid, inputs, 1, 1, bias=False)
                norm(f'{at}.downsample.1', 4 * mid)
            shapes = ((mid, inputs, 1), (mid, mid, 3), (4 * mid, mid, 1))
            for i, (out, into, size) in enumerate(shapes, 1):
                layer(f'{at}.conv{i}', out, into, size, size, bias=False)
                norm(f'{at}.bn{i}', out)
            inputs = 4 * mid
        layer(f'backbone.fpn.fpn_inner{stage}', channels, inputs, 1, 1)
        layer(f'backbone.fpn.fpn_layer{stage}', channels, channels, 3, 3)

    for level, anchors in enumerate(cell_anchors()):
        weights[f'module.rpn.anchor_generator.cell_anchors.{level}'] = anchors
    layer('rpn.head.conv', channels, channels, 3, 3)
    layer('rpn.head.cls_logits', 3, channels, 1, 1)
    layer('rpn.head.bbox_pred', 12, channels, 1, 1)

    rows = num_classes + 1
    layer('roi_heads.box.feature_extractor.fc6', units, channels * 49)
    layer('roi_heads.box.feature_extractor.fc7', units, units)
    layer('roi_heads.box.predictor.cls_score', rows, units)
    layer('roi_heads.box.predictor.bbox_pred', rows * 4, units)
    mask = 'roi_heads.mask'
    for i in range(1, 5):
        at = f'{mask}.feature_extractor.mask_fcn{i}'
        layer(at, channels, channels, 3, 3)
    layer(f'{mask}.predictor.conv5_mask', channels, channels, 2, 2)
    layer(f'{mask}.predictor.mask_fcn_logits', rows, channels, 1, 1)
    iou = 'roi_heads.maskiou'
    for i in range(1, 5):
        inputs = channels + 1 if i == 1 else channels
        at = f'{iou}.feature_extractor.maskiou_fcn{i}'
        layer(at, channels, inputs, 3, 3)
    layer(f'{iou}.feature_extractor.maskiou_fc1', units, channels * 49)
    layer(f'{iou}.feature_extractor.maskiou_fc2', units, units)
    layer(f'{iou}.predictor.maskiou', rows, units)
    return dict(
        model=weights,
        optimizer=dict(state={}, param_groups=[dict(lr=0.02)]),
        scheduler=dict(milestones=(60000, 80000), gamma=0.1, last_epoch=1),
        iteration=90000,
    )


class AuthorsModel:
    """Forward passes of the parts, in eval mode.

    Args:
        weights (dict[str, Tensor]): ``model`` of :func:`checkpoint`.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        self.weights = {
            k.removeprefix('module.'): w for k, w in weights.items()
        }

    def conv(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = self.weights[f'{name}.weight']
        bias = self.weights.get(f'{name}.bias')
        return F.conv2d(x, weight, bias, stride, weight.shape[-1] // 2)

    def norm(self, name: str, x: Tensor) -> Tensor:
        weight, bias, mean, var = (
            self.weights[f'{name}.{end}'][:, None, None]
            for end in ('weight', 'bias', 'running_mean', 'running_var')
        )
        return (x - mean) * weight / var.sqrt() + bias

    def linear(self, name: str, x: Tensor) -> Tensor:
        weights = self.weights
        return x @ weights[f'{name}.weight'].T + weights[f'{name}.bias']

    def features(self, image: Tensor) -> list[Tensor]:
        """P2 to P6 of normalized images of shape (N, 3, H, W)."""
        body = 'backbone.body'
        x = self.conv(f'{body}.stem.conv1', image, 2)
        x = F.max_pool2d(self.norm(f'{body}.stem.bn1', x).relu(), 3, 2, 1)
        laterals = []
        for stage, blocks in enumerate(BLOCKS, 1):
            for block in range(blocks):
                stride = 2 if stage > 1 and block == 0 else 1
                x = self.bottleneck(f'{body}.layer{stage}.{block}', x, stride)
            laterals.append(self.conv(f'backbone.fpn.fpn_inner{stage}', x))
        for finer, coarser in ((2, 3), (1, 2), (0, 1)):
            up = laterals[coarser].repeat_interleave(2, 2)
            laterals[finer] = laterals[finer] + up.repeat_interleave(2, 3)
        outs = [
            self.conv(f'backbone.fpn.fpn_layer{i + 1}', lateral)
            for i, lateral in enumerate(laterals)
        ]
        return [*outs, outs[-1][:, :, ::2, ::2]]

    def bottleneck(self, name: str, x: Tensor, stride: int) -> Tensor:
        """Residual block with the stride in its 1x1 convolution."""
        y = x
        for i in (1, 2, 3):
            y = self.conv(f'{name}.conv{i}', y, stride if i == 1 else 1)
            y = self.norm(f'{name}.bn{i}', y)
            y = y.relu() if i < 3 else y
        if f'{name}.downsample.0.weight' in self.weights:
            x = self.conv(f'{name}.downsample.0', x, stride)
            x = self.norm(f'{name}.downsample.1', x)
        return (x + y).relu()

    def rpn(self, feature: Tensor) -> tuple[Tensor, Tensor]:
        """Objectness (N, 3, H, W) and deltas (N, 12, H, W) of a level."""
        x = self.conv('rpn.head.conv', feature).relu()
        return tuple(
            self.conv(f'rpn.head.{n}', x) for n in ('cls_logits', 'bbox_pred')
        )

    def box_head(self, feats: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (K, C + 1) and deltas (K, C + 1, 4), background first."""
        x = feats.flatten(1)
        for name in ('fc6', 'fc7'):
            x = self.linear(f'roi_heads.box.feature_extractor.{name}', x)
            x = x.relu()
        predictor = 'roi_heads.box.predictor'
        deltas = self.linear(f'{predictor}.bbox_pred', x)
        scores = self.linear(f'{predictor}.cls_score', x)
        return scores, deltas.reshape(len(x), -1, 4)

    def mask_head(self, feats: Tensor) -> Tensor:
        """Mask logits (K, C + 1, 28, 28), background first."""
        x = feats
        for i in range(1, 5):
            name = f'roi_heads.mask.feature_extractor.mask_fcn{i}'
            x = self.conv(name, x).relu()
        name = 'roi_heads.mask.predictor'
        weight = self.weights[f'{name}.conv5_mask.weight']
        bias = self.weights[f'{name}.conv5_mask.bias']
        x = F.conv_transpose2d(x, weight, bias, 2).relu()
        return self.conv(f'{name}.mask_fcn_logits', x)

    def mask_iou_head(self, feats: Tensor, probs: Tensor) -> Tensor:
        """MaskIoU (K, C + 1), background first, from masks (K, 28, 28)."""
        x = torch.cat([feats, F.max_pool2d(probs[:, None], 2)], 1)
        extractor = 'roi_heads.maskiou.feature_extractor'
        for i in range(1, 5):
            stride = 2 if i == 4 else 1
            x = self.conv(f'{extractor}.maskiou_fcn{i}', x, stride).relu()
        x = x.flatten(1)
        for name in ('maskiou_fc1', 'maskiou_fc2'):
            x = self.linear(f'{extractor}.{name}', x).relu()
        return self.linear('roi_heads.maskiou.predictor.maskiou', x)


def decode(
    boxes: Tensor, deltas: Tensor, weights: tuple[float, ...]
) -> Tensor:
    """Apply deltas to boxes that end in their last pixel, shape (K, 4)."""
    decoded = []
    for (x1, y1, x2, y2), delta in zip(
        boxes.tolist(), deltas.tolist(), strict=True
    ):
        dx, dy, dw, dh = (d / w for d, w in zip(delta, weights, strict=True))
        width, height = x2 - x1 + 1, y2 - y1 + 1
        x = x1 + width / 2 + dx * width
        y = y1 + height / 2 + dy * height
        width, height = width * math.exp(dw), height * math.exp(dh)
        start = x - width / 2, y - height / 2
        decoded.append((*start, start[0] + width - 1, start[1] + height - 1))
    return torch.tensor(decoded)
