"""Neighbours of detections, and the layer that reads them."""

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from mmdet_msrcnn.models.mask_heads.relations import (
    FAR,
    NUM_PAIR_FEATURES,
    RelationLayer,
    mask_overlaps,
    nearest,
    pair_features,
)
from tests.helpers import boxes_of, ellipse_masks, imperfect_probs, jitter

SIZE = (160, 240)


def masks_and_boxes(num=12, seed=3):
    masks = ellipse_masks(num, *SIZE, seed)
    boxes = jitter(boxes_of(masks), 0.1, seed)
    boxes[:, 0::2].clamp_(0, SIZE[1])
    boxes[:, 1::2].clamp_(0, SIZE[0])
    return imperfect_probs(masks, boxes, seed=seed), boxes


@pytest.mark.parametrize('num', [1, 3, 50])
def test_neighbours_are_of_the_same_image(num):
    _, boxes = masks_and_boxes()
    images = torch.arange(12) % 2
    inds, valid = nearest(boxes, images, num)
    assert inds.shape == valid.shape == (12, num)
    # The detection itself overlaps most.
    assert inds[:, 0].tolist() == list(range(12))
    assert (images[inds] == images[:, None]).all()
    for row, used in zip(inds, valid, strict=True):
        assert len(set(row[used].tolist())) == min(num, 6)
    assert valid.sum(1).tolist() == [min(num, 6)] * 12


def test_neighbours_overlap_or_are_near():
    boxes = torch.tensor(
        [
            [0.0, 0, 10, 10],
            [0, 0, 10, 6],  # overlaps by 0.6
            [0, 0, 40, 10],  # by 0.25, 1.5 widths away
            [12, 0, 22, 10],  # 1.2 widths away
            [0, 40, 10, 50],  # 4 heights away
        ]
    )
    inds, valid = nearest(boxes, torch.zeros(5), 5)
    assert inds[0].tolist() == [0, 1, 2, 3, 4]
    assert valid.all()


def test_overlaps_are_those_of_pasted_masks():
    probs, boxes = masks_and_boxes()
    boxes = torch.cat([boxes, boxes[:6] + torch.tensor([4.0, 2, 4, 2])])
    probs = torch.cat([probs, probs[:6]])
    inds, _ = nearest(boxes, torch.zeros(len(boxes)), 6)
    found = mask_overlaps(boxes, (probs >= 0.5).float(), inds)
    pasted = paste_masks(probs, boxes, *SIZE, 0.5).numpy().astype(np.uint8)
    rles = [mask_utils.encode(np.asfortranarray(mask)) for mask in pasted]
    ious = mask_utils.iou(rles, rles, [0] * len(rles))
    expected = np.take_along_axis(ious, inds.numpy(), 1)
    assert ((expected > 0.1) & (expected < 0.9)).sum() > 10
    # Masks of a few pixels differ most.
    np.testing.assert_allclose(found, expected, atol=0.1)
    assert abs(found.numpy() - expected).mean() < 0.01


def test_features_of_a_pair_by_hand():
    boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 25, 10]])
    masks = torch.ones(2, 28, 28)
    masks[1, :, 14:] = 0
    features = pair_features(
        boxes,
        masks,
        logits=torch.tensor([0.0, 2.0]),
        labels=torch.tensor([1, 0]),
        inds=torch.tensor([[0, 1], [1, 0]]),
    )
    assert features.shape == (2, 2, NUM_PAIR_FEATURES)
    # Of the second box 50 pixels are in the first. Its mask is its left half.
    expected = [1 / 5, 1 / 3, 0.5, 0.25, 1, 0, 1, np.log(2), 0, 0, 2 / FAR, 1]
    np.testing.assert_allclose(features[0, 1], expected, atol=1e-6)
    itself = [1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0]
    np.testing.assert_allclose(features[0, 0], itself, atol=1e-6)


def test_features_do_not_depend_on_the_size_of_the_image():
    probs, boxes = masks_and_boxes()
    inds, _ = nearest(boxes, torch.zeros(12), 5)
    rest = torch.randn(12), torch.arange(12) % 3, inds
    masks = (probs >= 0.5).float()
    one = pair_features(boxes, masks, *rest)
    two = pair_features(boxes * 2 + 64, masks, *rest)
    torch.testing.assert_close(one, two, atol=1e-3, rtol=1e-3)


def test_neighbours_that_are_not_valid_make_no_difference():
    torch.manual_seed(0)
    layer = RelationLayer(8)
    x, pairs = torch.randn(5, 8), torch.randn(5, 3, NUM_PAIR_FEATURES)
    inds = torch.tensor([[i, (i + 1) % 5, (i + 2) % 5] for i in range(5)])
    valid = torch.tensor([[True, True, False]] * 5)
    expected = layer(x, inds[:, :2], valid[:, :2], pairs[:, :2])
    torch.testing.assert_close(layer(x, inds, valid, pairs), expected)
    other = layer(x, inds, ~valid | valid[:, :1], pairs)
    assert not torch.allclose(other, expected)


def test_a_layer_is_attention_by_hand():
    torch.manual_seed(1)
    layer = RelationLayer(4).double()
    x = torch.randn(2, 4).double()
    pairs = torch.randn(2, 2, NUM_PAIR_FEATURES).double()
    inds = torch.tensor([[0, 1], [1, 0]])
    found = layer(x, inds, torch.ones(2, 2, dtype=torch.bool), pairs)
    normed = layer.norms[0](x)
    for i in range(2):
        # With 4 channels, each of the 4 heads has one.
        scores = torch.stack(
            [
                layer.query(normed[i]) * layer.key(normed[j])
                + layer.pair_weight(pairs[i, at])
                for at, j in enumerate(inds[i])
            ]
        )
        values = torch.stack(
            [
                (
                    layer.value(normed[j]) + layer.pair_value(pairs[i, at])
                ).relu()
                for at, j in enumerate(inds[i])
            ]
        )
        y = x[i] + layer.out((scores.softmax(0) * values).sum(0))
        torch.testing.assert_close(found[i], y + layer.ffn(layer.norms[1](y)))
