"""mmdet's cascades predict flipped images as others."""

import pytest
import torch

from mmdet_msrcnn.compat.flipped_views import as_unflipped
from tests.helpers import collate, scene
from tests.test_models.test_detectors.any_models import build_small


def flipped(flip):
    one = scene(seed=1)
    one['data_samples'].set_metainfo(
        dict(flip=flip, flip_direction='horizontal')
    )
    return one


@pytest.mark.parametrize('name', ['CascadeRCNN', 'HybridTaskCascade'])
@torch.no_grad()
def test_mmdet_still_needs_it(name):
    """This file can go when this test fails."""
    detector = build_small(name)
    assert len(detector.test_step(collate(flipped(False)))[0].pred_instances)
    with pytest.raises(ValueError, match='step must be greater than zero'):
        detector.test_step(collate(flipped(True)))


@pytest.mark.parametrize('name', ['CascadeRCNN', 'HybridTaskCascade'])
@torch.no_grad()
def test_the_view_is_predicted_as_it_is(name):
    detector = build_small(name)
    data = detector.data_preprocessor(collate(flipped(True)))
    with as_unflipped(data['data_samples']):
        (found,) = detector.predict(**as_arguments(data))
    (expected,) = detector.test_step(collate(flipped(False)))
    assert torch.equal(
        found.pred_instances.masks, expected.pred_instances.masks
    )


def as_arguments(data):
    return dict(
        batch_inputs=data['inputs'], batch_data_samples=data['data_samples']
    )


def test_flips_come_back():
    samples = [flipped(True)['data_samples'], flipped(False)['data_samples']]
    with pytest.raises(KeyError, match='stop'), as_unflipped(samples):
        assert [sample.flip for sample in samples] == [False, False]
        raise KeyError('stop')
    assert [sample.flip for sample in samples] == [True, False]


def test_image_without_the_key():
    sample = scene()['data_samples']
    before = dict(sample.metainfo)
    with as_unflipped([sample]):
        assert not sample.flip
    assert dict(sample.metainfo) == before
