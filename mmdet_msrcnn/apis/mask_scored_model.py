"""Model that adds a mask score to any detector."""

import copy

from mmengine.config import ConfigDict
from mmengine.registry import MODELS

from mmdet_msrcnn.models.detectors.mask_scored_checks import check_detector
from mmdet_msrcnn.models.detectors.pyramids import pyramid_layout
from mmdet_msrcnn.utils.configs import model_config


def scored_model(model: ConfigDict) -> dict:
    """Make the config of a :class:`MaskScoredDetector`.

    Args:
        model (:obj:`ConfigDict`): Config of a detector.

    Returns:
        dict: The detector without pretrained weights of its parts, an
        extractor for its pyramid, and a scorer.
    """
    model = model_config(model)
    detector = MODELS.build(copy.deepcopy(model))
    check_detector(detector)
    detector.eval()
    channels, strides = pyramid_layout(detector)
    concat = len(set(channels)) > 1
    out_channels = sum(channels) if concat else channels[0]
    kind = 'GenericRoIExtractor' if concat else 'SingleRoIExtractor'
    extractor = dict(
        type=f'mmdet.{kind}',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=out_channels,
        featmap_strides=strides,
    )
    if concat:
        extractor['aggregation'] = 'concat'
    else:
        # RoIs of the same size go to levels of the same stride.
        extractor['finest_scale'] = 14 * strides[0]
    return dict(
        type='mmdet_msrcnn.MaskScoredDetector',
        # mmdet's init_detector reads this key.
        backbone=dict(),
        detector=model,
        roi_extractor=extractor,
        mask_iou_head=dict(
            type='mmdet_msrcnn.MaskScoreHead',
            class_agnostic=True,
            in_channels=out_channels,
            conv_out_channels=min(out_channels, 256),
        ),
    )
