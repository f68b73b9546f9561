"""mmdet's RoI extractor with more RoI layers."""

import mmcv.ops
from mmdet.models.roi_heads.roi_extractors import (
    SingleRoIExtractor as MMDetSingleRoIExtractor,
)
from mmdet.utils import ConfigType
from torch import nn

from mmdet_msrcnn.models.checks import check_choice
from mmdet_msrcnn.models.roi_extractors.roi_pool import RoIPool
from mmdet_msrcnn.models.roi_extractors.roi_warp import RoIWarp
from mmdet_msrcnn.registry import MODELS

ROI_LAYERS: dict[str, type[nn.Module]] = {
    'RoIAlign': mmcv.ops.RoIAlign,
    'RoIPool': RoIPool,
    'RoIWarp': RoIWarp,
}


@MODELS.register_module()
class SingleRoIExtractor(MMDetSingleRoIExtractor):
    """mmdet's SingleRoIExtractor with the RoI layers of this package.

    ``roi_layer.type`` is a key of ``ROI_LAYERS``: 'RoIAlign' (of mmcv, with
    ``pool_mode='avg'`` or ``'max'``), 'RoIPool' or 'RoIWarp'. Other arguments
    are those of mmdet's class.

    Raises:
        ValueError: If ``roi_layer.type`` is unknown.
    """

    def build_roi_layers(
        self, layer_cfg: ConfigType, featmap_strides: list[int]
    ) -> nn.ModuleList:
        """Build a RoI layer for each level.

        Args:
            layer_cfg (:obj:`ConfigDict` or dict): Config of the layer.
            featmap_strides (list[int]): Stride of each level.

        Returns:
            nn.ModuleList: One layer per level.
        """
        name = layer_cfg['type']
        check_choice('roi_layer.type', name, ROI_LAYERS)
        layer = dict(layer_cfg, type=ROI_LAYERS[name])
        return super().build_roi_layers(layer, featmap_strides)
