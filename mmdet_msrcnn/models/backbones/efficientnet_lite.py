"""EfficientNet-Lite, a backbone for training on a CPU."""

from typing import Any, ClassVar

from mmdet.models.backbones import EfficientNet

from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """EfficientNet without squeeze-and-excitation, with ReLU6.

    Lite0 is B0 with these changes
    (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
    ``out_indices=(2, 3, 4, 5)`` gives 24, 40, 112 and 320 channels at strides
    4, 8, 16 and 32.

    Args:
        arch (str): Only ``'lite0'``. Defaults to ``'lite0'``.
        act_cfg (dict): Config of the activation. Defaults to ReLU6.
        **kwargs: Arguments of :class:`EfficientNet`.
    """

    # A block is (kernel size, channels, SE ratio, stride, expansion, type);
    # an SE ratio of 0 switches squeeze-and-excitation off.
    layer_settings: ClassVar[dict] = {
        'l': [
            [[k, c, 0, s, e, t] for k, c, _, s, e, t in blocks]
            for blocks in EfficientNet.layer_settings['b']
        ]
    }
    arch_settings: ClassVar[dict] = {'lite0': (1.0, 1.0, 224)}

    def __init__(
        self,
        arch: str = 'lite0',
        act_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(arch, act_cfg=act_cfg or dict(type='ReLU6'), **kwargs)

    def train(self, mode: bool = True) -> 'EfficientNetLite':
        """Set the mode; unlike mmdet's, return the module as torch does."""
        super().train(mode)
        return self
