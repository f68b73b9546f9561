"""EfficientNet-Lite0 by the names of the package, written out by hand.

It shares no code with mmdet or with our backbone.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

# Kernel size, output channels, stride and expansion of each block
BLOCKS = (
    (3, 16, 1, 1),
    (3, 24, 2, 6),
    (3, 24, 1, 6),
    (5, 40, 2, 6),
    (5, 40, 1, 6),
    (3, 80, 2, 6),
    (3, 80, 1, 6),
    (3, 80, 1, 6),
    (5, 112, 1, 6),
    (5, 112, 1, 6),
    (5, 112, 1, 6),
    (5, 192, 2, 6),
    (5, 192, 1, 6),
    (5, 192, 1, 6),
    (5, 192, 1, 6),
    (3, 320, 1, 6),
)
# Last blocks at strides 4, 8, 16 and 32
OUTPUTS = (2, 4, 10, 15)


def lite0_weights() -> dict[str, Tensor]:
    """Make random weights with all names and shapes of the package."""
    generator = torch.Generator().manual_seed(0)
    weights = {}

    def conv(name: str, *shape: int) -> None:
        fan_in = shape[1] * shape[2] * shape[3]
        value = torch.randn(shape, generator=generator)
        weights[f'{name}.weight'] = value * (2 / fan_in) ** 0.5

    def norm(name: str, channels: int) -> None:
        for key in ('weight', 'bias', 'running_mean', 'running_var'):
            value = torch.rand(channels, generator=generator)
            weights[f'{name}.{key}'] = value + 0.5 * ('bias' not in key)
        weights[f'{name}.num_batches_tracked'] = torch.tensor(7)

    conv('_conv_stem', 32, 3, 3, 3)
    norm('_bn0', 32)
    channels = 32
    for number, (kernel, out, _, expansion) in enumerate(BLOCKS):
        block, middle = f'_blocks.{number}', channels * expansion
        if expansion > 1:
            conv(f'{block}._expand_conv', middle, channels, 1, 1)
            norm(f'{block}._bn0', middle)
        conv(f'{block}._depthwise_conv', middle, 1, kernel, kernel)
        norm(f'{block}._bn1', middle)
        conv(f'{block}._project_conv', out, middle, 1, 1)
        norm(f'{block}._bn2', out)
        channels = out
    conv('_conv_head', 8, channels, 1, 1)
    norm('_bn1', 8)
    weights['_fc.weight'] = torch.zeros(2, 8)
    weights['_fc.bias'] = torch.zeros(2)
    return weights


def lite0_features(weights: dict[str, Tensor], x: Tensor) -> list[Tensor]:
    """Compute the features at strides 4 to 32.

    Args:
        weights (dict[str, Tensor]): Weights by the package's names.
        x (Tensor): Images, shape (N, 3, H, W).

    Returns:
        list[Tensor]: Four feature maps.
    """

    def conv(x: Tensor, name: str, stride: int = 1, groups: int = 1) -> Tensor:
        weight = weights[f'{name}.weight']
        kernel = weight.shape[-1]
        sides = []
        # As TensorFlow's "same": the odd pixel goes to the right and bottom.
        for side in (x.shape[-1], x.shape[-2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            sides += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, sides), weight, None, stride, groups=groups)

    def norm(x: Tensor, name: str) -> Tensor:
        keys = ('running_mean', 'running_var', 'weight', 'bias')
        values = (weights[f'{name}.{key}'] for key in keys)
        return F.batch_norm(x, *values, eps=1e-3)

    x = F.relu6(norm(conv(x, '_conv_stem', 2), '_bn0'))
    features = []
    for number, (_, _, stride, expansion) in enumerate(BLOCKS):
        block, before = f'_blocks.{number}', x
        if expansion > 1:
            x = conv(x, f'{block}._expand_conv')
            x = F.relu6(norm(x, f'{block}._bn0'))
        x = conv(x, f'{block}._depthwise_conv', stride, x.shape[1])
        x = F.relu6(norm(x, f'{block}._bn1'))
        x = norm(conv(x, f'{block}._project_conv'), f'{block}._bn2')
        if x.shape == before.shape:
            x = x + before
        if number in OUTPUTS:
            features.append(x)
    return features
