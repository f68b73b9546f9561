"""Changes of a Mask R-CNN that its own paper compares (section 4.2)."""

from collections.abc import Callable
from functools import partial

from mmengine.config import Config

EXTRACTORS = ('bbox_roi_extractor', 'mask_roi_extractor')


def use_roi_layer(cfg: Config, name: str, pool_mode: str = '') -> None:
    """Pool the features of boxes and masks with another RoI layer.

    Args:
        cfg (Config): Changed in place. RoIs keep their size and, if the layer
            samples, their number of samples.
        name (str): A key of ``ROI_LAYERS``.
        pool_mode (str): How to join the samples of a bin, 'avg' or 'max'; ''
            for a layer without samples. Defaults to ''.
    """
    for key in EXTRACTORS:
        extractor = cfg.model.roi_head.get(key)
        # Without FPN, the mask head shares the extractor of the box head.
        if extractor is None:
            continue
        old = extractor.roi_layer
        layer = dict(type=name, output_size=old.output_size)
        if pool_mode:
            ratio = old.get('sampling_ratio', 0)
            layer.update(sampling_ratio=ratio, pool_mode=pool_mode)
        extractor.type = 'mmdet_msrcnn.SingleRoIExtractor'
        extractor.roi_layer = layer


def use_softmax(cfg: Config) -> None:
    """Let the classes of a pixel compete with each other."""
    mask_head = cfg.model.roi_head.mask_head
    mask_head.type = 'mmdet_msrcnn.MultinomialMaskHead'
    mask_head.loss_mask = dict(
        type='mmdet_msrcnn.MultinomialMaskLoss', loss_weight=1.0
    )


def use_mlp(cfg: Config, num_fcs: int) -> None:
    """Predict masks with fully connected layers as wide as the box head's.

    Args:
        cfg (Config): Changed in place.
        num_fcs (int): Hidden layers.
    """
    roi_head = cfg.model.roi_head
    old = roi_head.mask_head
    roi_head.mask_head = dict(
        type='mmdet_msrcnn.MLPMaskHead',
        num_fcs=num_fcs,
        fc_out_channels=roi_head.bbox_head.fc_out_channels,
        mask_size=cfg.model.train_cfg.rcnn.mask_size,
        roi_feat_size=roi_head.mask_roi_extractor.roi_layer.output_size,
        in_channels=old.in_channels,
        num_classes=old.num_classes,
        loss_mask=old.loss_mask,
    )


def use_class_agnostic_masks(cfg: Config) -> None:
    """Predict one mask for all classes."""
    cfg.model.roi_head.mask_head.class_agnostic = True


CLASS_AGNOSTIC = '_class-agnostic'
# By the end of a variant's name.
MASK_RCNN_CHANGES: dict[str, Callable[[Config], None]] = {
    '_softmax': use_softmax,
    CLASS_AGNOSTIC: use_class_agnostic_masks,
    '_roi-pool': partial(use_roi_layer, name='RoIPool'),
    '_roi-warp-max': partial(use_roi_layer, name='RoIWarp', pool_mode='max'),
    '_roi-warp-ave': partial(use_roi_layer, name='RoIWarp', pool_mode='avg'),
    '_roi-align-max': partial(use_roi_layer, name='RoIAlign', pool_mode='max'),
    '_mlp-2': partial(use_mlp, num_fcs=2),
    '_mlp-3': partial(use_mlp, num_fcs=3),
}
