"""ImageNet weights of EfficientNet-Lite0 for our backbone.

The names are those of the package ``efficientnet_lite_pytorch``
(https://github.com/ml-illustrated/EfficientNet-Lite-PyTorch).
"""

from collections.abc import Mapping

from torch import Tensor

from mmdet_msrcnn.models.backbones.efficientnet_lite import EfficientNetLite

# Blocks of each layer after the stem. The package counts them through.
DEPTHS = (1, 2, 2, 6, 5)
BLOCKS = [
    f'layers.{layer}.{index}'
    for layer, depth in enumerate(DEPTHS, 1)
    for index in range(depth)
]
PARTS = {
    '_expand_conv': 'expand_conv.conv',
    '_bn0': 'expand_conv.bn',
    '_depthwise_conv': 'depthwise_conv.conv',
    '_bn1': 'depthwise_conv.bn',
    '_project_conv': 'linear_conv.conv',
    '_bn2': 'linear_conv.bn',
}
MODULES = {
    '_conv_stem': 'layers.0.conv',
    '_bn0': 'layers.0.bn',
    **{
        f'_blocks.{number}.{theirs}': f'{block}.{ours}'
        for number, block in enumerate(BLOCKS)
        for theirs, ours in PARTS.items()
    },
}
# The classifier
IGNORED = ('_conv_head', '_bn1', '_fc')


def rename(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters; leave out those of the classifier.

    Args:
        weights (Mapping[str, Tensor]): Parameters by the package's names.

    Returns:
        dict[str, Tensor]: Parameters by the names of
        :class:`EfficientNetLite`.

    Raises:
        ValueError: If a name is not one of EfficientNet-Lite0.
    """
    renamed = {}
    for name, value in weights.items():
        module, _, parameter = str(name).rpartition('.')
        if module in IGNORED:
            continue
        if module not in MODULES:
            raise ValueError(
                f'{name!r} is not a parameter of EfficientNet-Lite0: expected '
                "the package's names, such as '_blocks.0._bn1.weight'"
            )
        renamed[f'{MODULES[module]}.{parameter}'] = value
    return renamed


def convert_lite0(weights: Mapping[str, Tensor]) -> dict:
    """Convert the weights to a checkpoint of :class:`EfficientNetLite`.

    Args:
        weights (Mapping[str, Tensor]): Parameters by the package's names.

    Returns:
        dict: ``state_dict`` for ``out_indices=(2, 3, 4, 5)``.

    Raises:
        ValueError: If a parameter is unknown, missing or of another shape.
    """
    state_dict = rename(weights)
    model = EfficientNetLite(out_indices=(2, 3, 4, 5))
    try:
        model.load_state_dict(state_dict)
    except RuntimeError as error:
        raise ValueError(
            f'the weights do not fit EfficientNet-Lite0: {error}'
        ) from None
    return dict(state_dict=state_dict)
