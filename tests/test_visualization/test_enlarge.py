"""Larger copies of small images."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

from mmdet_msrcnn.visualization.enlarge import enlarge, enlarging_factor


@pytest.mark.parametrize(
    ('size', 'factor'),
    [
        ((160, 120), 4),
        ((512, 900), 1),
        ((3000, 4000), 1),
        ((1, 1), 8),
        ((40, 2000), 2),
    ],
)
def test_factor(size, factor):
    assert enlarging_factor(np.zeros((*size, 3))) == factor


def sample(**fields):
    masks = torch.zeros(1, 6, 8, dtype=torch.bool)
    masks[0, 2:4, 1:5] = True
    return DetDataSample(
        metainfo=dict(img_id=3),
        pred_instances=InstanceData(
            bboxes=torch.tensor([[1.0, 2, 5, 4]]),
            masks=masks,
            scores=torch.tensor([0.5]),
        ),
    )


def test_boxes_and_masks_grow_with_the_image():
    before = sample()
    image, found = enlarge(np.zeros((6, 8, 3), np.uint8), before, 3)
    assert image.shape == (18, 24, 3)
    pred = found.pred_instances
    assert pred.bboxes.tolist() == [[3, 6, 15, 12]]
    expected = torch.zeros(18, 24, dtype=torch.bool)
    expected[6:12, 3:15] = True
    assert torch.equal(pred.masks[0], expected)
    assert pred.scores.tolist() == [0.5]
    assert before.pred_instances.masks.shape == (1, 6, 8)


def test_large_images_stay():
    image, before = np.zeros((6, 8, 3)), sample()
    same, found = enlarge(image, before, 1)
    assert same is image
    assert found is before


def test_predictions_without_boxes_or_masks():
    before = sample()
    del before.pred_instances.masks
    del before.pred_instances.bboxes
    _, found = enlarge(np.zeros((6, 8, 3)), before, 2)
    assert [*found.pred_instances.keys()] == ['scores']
