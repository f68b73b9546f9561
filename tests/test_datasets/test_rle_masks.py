"""Masks that are decoded late are those that are decoded early."""

import copy
import pickle
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets import RleMasks, rle_masks
from mmdet_msrcnn.models.targets.gt_masks import pack_samples

HEIGHT, WIDTH = 20, 31
STEPS = {
    'horizontal': lambda m: m.flip('horizontal'),
    'vertical': lambda m: m.flip('vertical'),
    'diagonal': lambda m: m.flip('diagonal'),
    'rescale': lambda m: m.rescale((50, 33)),
    'shrink': lambda m: m.rescale(0.6),
    'resize': lambda m: m.resize((17, 40)),
    'pad': lambda m: m.pad((m.height + 3, m.width + 5)),
    'pad with ones': lambda m: m.pad((m.height + 1, m.width), 1),
    'crop': lambda m: m.crop(
        np.array([m.width // 8, m.height // 8, m.width // 2, m.height // 2])
    ),
    'crop across the border': lambda m: m.crop(
        np.array([-4, m.height // 4, 99, 99])
    ),
    'select': lambda m: m[np.array([2, 0])],
    'select by bool': lambda m: m[np.arange(len(m)) % 2 == 0],
    'one': lambda m: m[0],
}


def pair(num: int = 4) -> tuple[RleMasks, BitmapMasks]:
    """The same masks of noise in both forms."""
    masks = np.random.default_rng(0).integers(0, 2, (num, HEIGHT, WIDTH))
    masks = masks.astype(np.uint8)
    rles = [mask_utils.encode(np.asfortranarray(mask)) for mask in masks]
    size = HEIGHT, WIDTH
    return RleMasks(rles, *size), BitmapMasks(masks, *size)


def assert_same(found: BitmapMasks, expected: BitmapMasks) -> None:
    assert len(found) == len(expected)
    assert (found.height, found.width) == (expected.height, expected.width)
    assert found.masks.dtype == expected.masks.dtype
    assert np.array_equal(found.masks, expected.masks)
    assert found.masks.flags.c_contiguous


@settings(max_examples=80)
@given(names=st.lists(st.sampled_from(list(STEPS)), max_size=4))
def test_any_steps(names):
    found, expected = pair()
    for name in names:
        if len(expected) < 3 and name == 'select':
            continue
        found, expected = STEPS[name](found), STEPS[name](expected)
    assert_same(found, expected)


@pytest.mark.parametrize(
    'name', [n for n in STEPS if n not in ('select', 'one')]
)
def test_no_mask(name):
    found, expected = (STEPS[name](masks) for masks in pair(0))
    assert_same(found, expected)


@pytest.mark.parametrize('bbox', [[31, 0, 40, 9], [0, 20, 9, 30]])
def test_a_crop_beyond_the_image_is_named(bbox):
    masks, _ = pair()
    message = re.escape(f'31 x 20 pixels, got {bbox}')
    with pytest.raises(ValueError, match=message):
        masks.crop(np.array(bbox))
    assert_same(*(masks.crop(np.array(bbox)) for masks in pair(0)))


@pytest.mark.parametrize('name', STEPS)
def test_bitmaps_that_were_changed_stay_changed(name):
    found, expected = pair()
    for masks in (found, expected):
        masks.masks[:, 3:9, 3:9] = 1
    assert_same(STEPS[name](found), STEPS[name](expected))


def test_other_methods_see_bitmaps():
    found, expected = pair()
    assert_same(found.translate((30, 30), 4), expected.translate((30, 30), 4))
    assert np.array_equal(found.areas, expected.areas)
    assert_same(
        BitmapMasks.cat([pair()[0], expected]),
        BitmapMasks.cat([expected, expected]),
    )
    joined = InstanceData.cat(
        [InstanceData(masks=pair()[0]), InstanceData(masks=found)]
    )
    assert_same(joined.masks, BitmapMasks.cat([expected, expected]))
    own = InstanceData(masks=pair()[0])[torch.tensor([1, 0])]
    assert_same(own.masks, expected[np.array([1, 0])])


@pytest.mark.parametrize(
    'copied', [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_copies_and_workers(copied):
    found, expected = (copied(m.flip()) for m in pair())
    assert_same(found, expected)


@pytest.fixture
def decoded(monkeypatch):
    """The RLEs that are decoded during a test."""
    rles = []
    original = rle_masks.mask_utils.decode
    monkeypatch.setattr(
        rle_masks.mask_utils,
        'decode',
        lambda rle: rles.append(rle) or original(rle),
    )
    return rles


def test_each_mask_that_is_read_is_decoded_once(decoded):
    masks, _ = pair()
    chosen = masks.flip()[np.array([1, 3])].pad((40, 40))
    assert len(chosen) == 2
    assert not decoded
    for _ in range(2):
        assert chosen.masks.shape == (2, 40, 40)
    assert decoded == [masks.rles[1], masks.rles[3]]


def test_they_are_described_without_decoding(decoded):
    found, expected = pair()
    assert repr(found) == repr(expected).replace('BitmapMasks', 'RleMasks')
    assert not decoded


def test_a_training_step_decodes_each_mask_once(decoded):
    masks, _ = pair()
    sample = DetDataSample(
        gt_instances=InstanceData(masks=masks, labels=torch.zeros(len(masks)))
    )
    (packed,) = pack_samples([sample], 'cpu')
    assert packed.gt_instances.masks.masks.dtype == np.uint8
    assert len(decoded) == len(masks)


def test_random_masks_are_bitmaps():
    masks = RleMasks.random(3, height=8, width=9)
    assert masks.masks.shape == (3, 8, 9)
