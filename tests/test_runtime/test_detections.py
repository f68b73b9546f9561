"""The object with the detections."""

import numpy as np
from msrcnn_runtime import Detections


def dets(num=3):
    corners = np.arange(num)[:, None] * [10.0, 10.0]
    return Detections(
        boxes=np.concatenate([corners, corners + 8], 1).astype('f4'),
        labels=np.arange(num) % 2,
        scores=np.linspace(0.9, 0.5, num, dtype='f4'),
        mask_probs=np.ones((num, 28, 28), 'f4'),
        mask_ious=np.linspace(0.5, 0.9, num, dtype='f4'),
        mask_scores=np.linspace(0.4, 0.8, num, dtype='f4'),
        class_scores=np.linspace(0.9, 0.5, num, dtype='f4'),
        classes=['cat', 'dog'],
        image_size=(40, 50),
        mask_thr=0.5,
    )


def test_masks():
    found = dets()
    assert len(found) == 3
    assert found.masks.sum((1, 2)).tolist() == [64] * 3
    for mask, other in zip(found.iter_masks(), found.masks, strict=True):
        assert np.array_equal(mask, other)
    assert dets(0).masks.shape == (0, 40, 50)


def test_selection():
    found = dets()
    best = found.select(found.mask_scores > 0.5)
    assert best.labels.tolist() == [1, 0]
    order = found.select(np.array([2, 0]))
    assert np.array_equal(order.masks, found.masks[[2, 0]])
    for name in (
        'boxes',
        'scores',
        'mask_ious',
        'mask_scores',
        'class_scores',
    ):
        expected = getattr(found, name)[[2, 0]]
        assert np.array_equal(getattr(order, name), expected)
    found.mask_ious = None
    assert found.select(np.array([0])).mask_ious is None
