"""Comparison of the detections of two runs."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.export.detector.agreement import Agreement, agreement


def dets(num=5):
    start = torch.arange(num) * 100.0
    corners = torch.stack([start, start], dim=1)
    return InstanceData(
        bboxes=torch.cat([corners, corners + 50], dim=1),
        labels=torch.arange(num) % 2,
        scores=torch.linspace(0.9, 0.5, num),
        mask_scores=torch.linspace(0.8, 0.4, num),
    )


def changed(name, index, value):
    other = dets()
    other[name][index] += value
    return other


def test_order_does_not_matter():
    order = torch.tensor([3, 1, 4, 0, 2])
    assert agreement(dets()[order], dets()) == (5, 5, 5)


@pytest.mark.parametrize(
    ('name', 'value', 'matched'),
    [
        ('bboxes', 0.1, 5),
        ('bboxes', 1.0, 4),
        ('labels', 1, 4),
        ('scores', 5e-4, 5),
        ('scores', 2e-3, 4),
        ('mask_scores', 2e-3, 4),
    ],
)
def test_what_is_the_same(name, value, matched):
    assert agreement(changed(name, 2, value), dets()) == (5, 5, matched)


def test_each_is_matched_once():
    two, one = dets()[torch.tensor([0, 0])], dets()[torch.tensor([0])]
    assert agreement(two, one) == (1, 2, 1)
    assert agreement(one, two) == (2, 1, 1)


def test_low_scores_are_not_compared():
    low = changed('scores', 4, -0.46)
    assert agreement(low, low) == (4, 4, 4)


def test_low_class_scores_are_not_compared():
    """Also where ``scores`` are mask scores, which may be low."""
    ranked = dets()
    ranked.class_scores = ranked.scores.clone()
    ranked.scores = ranked.scores / 50
    assert agreement(ranked, ranked) == (5, 5, 5)
    ranked.class_scores[4] = 0.04
    assert agreement(ranked, ranked) == (4, 4, 4)


def test_masks_are_compared():
    one, other = dets(), dets()
    one.masks = torch.zeros(5, 20, 20, dtype=torch.bool)
    one.masks[:, :10, :10] = True
    other.masks = one.masks.clone()
    assert agreement(other, one) == (5, 5, 5)
    other.masks[1, 0, :5] = False
    other.masks[2] = False
    assert agreement(other, one) == (5, 5, 3)
    one.masks[2] = False
    assert agreement(other, one) == (5, 5, 4)


def test_check():
    for right in ((100, 100, 99), (10, 10, 9), (11, 10, 10), (3, 3, 3)):
        Agreement(*right).check()
    for wrong in ((100, 100, 98), (9, 9, 8), (3, 2, 2), (100, 200, 100)):
        with pytest.raises(ValueError, match='99% must be the same, of fewer'):
            Agreement(*wrong).check()
    with pytest.raises(ValueError, match='Nothing is detected'):
        Agreement(0, 0, 0).check()
