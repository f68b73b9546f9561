"""Model that adds a mask score to any detector."""

from mmengine.registry import init_default_scope

from mmdet_msrcnn.apis.mask_scored_model import scored_model
from tests.test_models.test_detectors.any_models import small_model


def test_parts_follow_the_pyramid():
    init_default_scope('mmdet')
    scored = scored_model(small_model('RTMDet'))
    assert scored['roi_extractor'] == dict(
        type='mmdet.SingleRoIExtractor',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=96,
        featmap_strides=[8, 16, 32],
        finest_scale=112,
    )
    assert scored['mask_iou_head'] == dict(
        type='mmdet_msrcnn.MaskScoreHead',
        class_agnostic=True,
        in_channels=96,
        conv_out_channels=96,
    )


def test_levels_of_different_channels_are_concatenated():
    init_default_scope('mmdet')
    model = small_model('MaskRCNN')
    del model['neck']
    scored = scored_model(model)
    assert scored['roi_extractor'] == dict(
        type='mmdet.GenericRoIExtractor',
        aggregation='concat',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=32 + 64 + 128 + 256,
        featmap_strides=[4, 8, 16, 32],
    )
    assert scored['mask_iou_head']['in_channels'] == 480
    assert scored['mask_iou_head']['conv_out_channels'] == 256
