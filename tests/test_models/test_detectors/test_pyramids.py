"""Feature pyramids of detectors."""

import pytest
import torch

from mmdet_msrcnn.models.detectors.pyramids import (
    pyramid_layout,
    pyramid_of,
    pyramid_source,
    recorded_pyramid,
)
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    build_small,
)

IMAGES = torch.rand(1, 3, 64, 96)


def test_neck():
    detector = build_small('MaskRCNN')
    assert pyramid_source(detector).module == 'neck'
    expected = detector.extract_feat(IMAGES)
    for own, level in zip(pyramid_of(detector, IMAGES), expected, strict=True):
        assert torch.equal(own, level)


def test_backbone_without_a_neck():
    detector = build_small('MaskRCNN')
    del detector.neck
    assert pyramid_source(detector).module == 'backbone'
    found = pyramid_of(detector, IMAGES)
    assert [level.shape[1] for level in found] == [32, 64, 128, 256]


def test_pixel_decoder():
    detector = build_small('Mask2Former')
    decoder = detector.panoptic_head.pixel_decoder
    mask_feats, memories = decoder(detector.extract_feat(IMAGES))
    found = pyramid_of(detector, IMAGES)
    assert [64 // level.shape[2] for level in found] == [4, 8, 16, 32]
    assert torch.equal(found[0], mask_feats)
    # The coarsest first
    for own, level in zip(found[:0:-1], memories, strict=True):
        assert torch.equal(own, level)


def test_subclass_has_the_source_of_its_parent():
    detector = build_small('Mask2Former')
    detector.__class__ = type('MyMask2Former', (type(detector),), {})
    assert pyramid_source(detector).module == 'panoptic_head.pixel_decoder'


def test_recording_ends():
    detector = build_small('MaskRCNN')
    with (
        pytest.raises(KeyError, match='stop'),
        recorded_pyramid(detector) as pyramids,
    ):
        detector.extract_feat(IMAGES)
        raise KeyError('stop')
    detector.extract_feat(IMAGES)
    assert len(pyramids) == 1
    assert not detector.neck._forward_hooks


FPN = [4, 8, 16, 32]
STRIDES = {
    'CondInst': [8, 16, 32],
    'YOLACT': [8, 16, 32],
    'RTMDet': [8, 16, 32],
}


@pytest.mark.parametrize('name', MODEL_CONFIGS)
def test_pyramid(name):
    channels, strides = pyramid_layout(build_small(name))
    assert strides == STRIDES.get(name, FPN)
    assert len(set(channels)) == 1
