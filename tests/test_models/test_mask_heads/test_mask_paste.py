"""Pasted masks are mmdet's, pixel by pixel."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as Theirs
from mmdet.structures.mask import encode_mask_results
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope

from mmdet_msrcnn.models import FCNMaskHead
from mmdet_msrcnn.models.mask_heads.mask_paste import (
    TIE,
    grid_of,
    paste_masks,
    paste_rles,
    resample,
)

HEIGHT, WIDTH = 60, 90
# On, at and across the borders of the image, with every kind of fraction,
# and without extent.
EDGES = st.floats(-5, 95, width=32) | st.integers(0, 90).map(float)
BOXES = st.lists(st.tuples(EDGES, EDGES, EDGES, EDGES), min_size=1, max_size=6)
CFG = ConfigDict(mask_thr_binary=0.5)


def heads(**kwargs):
    init_default_scope('mmdet')
    return FCNMaskHead(**kwargs), Theirs(**kwargs)


def paste(head, logits, boxes, labels, scale=(1.0, 1.0), **kwargs):
    """Pasted masks, and the boxes, which mmdet rescales in place."""
    meta = dict(scale_factor=scale, ori_shape=(HEIGHT, WIDTH))
    boxes = boxes.clone()
    cfg = kwargs.pop('cfg', CFG)
    masks = head._predict_by_feat_single(
        logits, boxes, labels, meta, cfg, **kwargs
    )
    return masks, boxes


def encode(masks) -> list[dict]:
    return encode_mask_results(masks.numpy())


def assert_equal(ours, theirs, *args, **kwargs):
    found, expected = (paste(head, *args, **kwargs) for head in (ours, theirs))
    assert found[0].dtype == expected[0].dtype
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], expected[1])


def in_order(boxes) -> torch.Tensor:
    """x1 <= x2 and y1 <= y2, as detections are."""
    boxes = torch.tensor(boxes, dtype=torch.float32)
    low, high = boxes[:, :2], boxes[:, 2:]
    return torch.cat([low.minimum(high), low.maximum(high)], dim=1)


@settings(max_examples=60)
@given(boxes=BOXES, seed=st.integers(0, 5), thr=st.sampled_from([0.5, 0.3, 0]))
def test_any_box(boxes, seed, thr):
    boxes = in_order(boxes)
    # mmdet raises where a box begins behind the image or ends before it.
    boxes = boxes.minimum(torch.tensor([WIDTH, HEIGHT] * 2) + 1)
    boxes[:, 2:].clamp_(min=-1)
    logits = torch.randn(
        len(boxes), 2, 28, 28, generator=torch.Generator().manual_seed(seed)
    )
    labels = torch.arange(len(boxes)) % 2
    cfg = ConfigDict(mask_thr_binary=thr)
    assert_equal(*heads(num_classes=2), logits, boxes, labels, cfg=cfg)


def test_pixels_at_the_threshold():
    # Probabilities of one half wherever a pixel lies, or off by a rounding.
    logits = torch.zeros(4, 1, 28, 28)
    logits[1:] += torch.randn(3, 1, 28, 28) * 1e-6
    boxes = torch.tensor([[3.0, 4, 59, 46]] * 2 + [[2.3, 1.7, 80.9, 33.3]] * 2)
    labels = torch.zeros(4, dtype=torch.long)
    assert_equal(*heads(num_classes=1), logits, boxes, labels)


def test_rounding_is_below_what_counts_as_a_tie():
    worst = 0
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        edges = torch.rand(2, 2, generator=generator) * 1333
        (low,), (high,) = edges.sort(dim=1).values.T.split(1)
        low, high = low[:1], high[:1]
        probs = torch.rand(28, 28, generator=generator)
        x = grid_of(low, high, 1333)[0]
        grid = torch.stack(torch.meshgrid(x, x, indexing='xy'), dim=2)
        expected = F.grid_sample(
            probs[None, None], grid[None], align_corners=False
        )[0, 0]
        found = resample(probs, x, x)
        worst = max(worst, (found - expected).abs().max())
    assert 0 < worst < TIE / 3


# head, arguments of the call
@pytest.mark.parametrize(
    ('kwargs', 'call'),
    [
        (dict(), dict(rescale=True, scale=(1.6, 1.7))),
        (dict(), dict(rescale=False, scale=(1.6, 1.7))),
        # Halves of pixels are rounded in float32.
        (dict(), dict(rescale=False, scale=(1.45, 1.425))),
        (dict(class_agnostic=True), dict()),
        # Merged stages and views are probabilities already.
        (dict(), dict(activate_map=True)),
        # Soft masks, for a look.
        (dict(), dict(cfg=ConfigDict(mask_thr_binary=-1))),
    ],
)
def test_head_gives_what_mmdets_gives(kwargs, call):
    num_classes = 1 if kwargs else 3
    preds = torch.randn(5, num_classes, 28, 28)
    if call.get('activate_map'):
        preds = preds.sigmoid()
    boxes = in_order(np.random.default_rng(0).uniform(0, 60, (5, 4)))
    labels = torch.tensor([0, 1, 2, 1, 0])
    assert_equal(*heads(num_classes=3, **kwargs), preds, boxes, labels, **call)


def test_box_behind_the_image_has_no_pixel():
    boxes = torch.tensor(
        [
            [95.0, 10, 99, 20],
            [10, 70, 20, 80],
            [-9, 10, -5, 20],
            [10, -9, 20, -5],
        ]
    )
    for thr in (0.5, 0):
        probs = torch.ones(4, 28, 28)
        assert not paste_masks(probs, boxes, HEIGHT, WIDTH, thr).any()


def test_box_beyond_every_image():
    boxes = torch.tensor([[10.0, 10, 1e10, 40]])
    args = torch.full((1, 1, 28, 28), 3.0), boxes, torch.tensor([0])
    ours, theirs = heads(num_classes=1)
    # All of the image lies at its left edge, where half of the mask counts.
    cfg = ConfigDict(mask_thr_binary=0.3)
    assert_equal(ours, theirs, *args, cfg=cfg)
    assert paste(ours, *args, cfg=cfg)[0].any()


def test_no_mask():
    pasted = paste_masks(torch.zeros(0, 28, 28), torch.zeros(0, 4), 6, 9, 0.5)
    assert pasted.shape == (0, 6, 9)
    assert pasted.dtype == torch.bool


@pytest.mark.parametrize('rescale', [True, False])
def test_rles_are_those_of_the_metric(rescale):
    ours, theirs = heads(num_classes=2)
    logits = torch.randn(6, 2, 28, 28)
    boxes = in_order(np.random.default_rng(0).uniform(-9, 99, (6, 4)))
    labels = torch.arange(6) % 2
    call = dict(scale=(1.6, 1.7), rescale=rescale)
    masks, expected_boxes = paste(theirs, logits, boxes, labels, **call)
    ours.predict_rles = True
    rles, found_boxes = paste(ours, logits, boxes, labels, **call)
    assert rles == encode(masks)
    assert torch.equal(found_boxes, expected_boxes)


def test_no_rle():
    assert paste_rles(torch.zeros(0, 28, 28), torch.zeros(0, 4), 6, 9, 0) == []
