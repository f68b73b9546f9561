"""Targets of the two mask heads compared with mmdet."""

import torch
from mmdet.structures.mask import BitmapMasks

from mmdet_msrcnn.lab.benchmarks import targets
from mmdet_msrcnn.lab.benchmarks.scenes import load_images, make_scene
from tests.test_lab.test_benchmarks.rows import assert_printable


def test_true_ious(source):
    scene = make_scene(next(load_images(source)), 3)
    height, width = scene.gt.masks.height, scene.gt.masks.width
    boxes = torch.tensor([[10.0, 10, 30, 30]]).repeat(3, 1)
    scene.sampling.pos_priors = boxes
    masks = torch.zeros(3, height, width, dtype=torch.uint8)
    masks[0, 10:30, 10:30] = 1  # exactly the box
    masks[1, 10:30, 10:50] = 1  # twice as much
    masks[2, 60:70, 60:70] = 1  # elsewhere
    scene.gt.masks = BitmapMasks(masks.numpy(), height, width)
    full = scene._replace(mask_probs=torch.ones(3, 28, 28))
    assert targets.true_ious(full).tolist() == [1, 0.5, 0]


def test_mask_iou_targets(source):
    rows = targets.measure_mask_iou_targets(source, 1)
    assert_printable(rows, targets.TARGET_COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
    # What the target is there for.
    for row in rows:
        assert row['ours_mae'] < row['mmdet_mae']
        assert row['ratio'] == row['mmdet'] / row['ours']


def test_mask_targets(source):
    rows = targets.measure_mask_targets(source, 1)
    assert_printable(rows, targets.MASK_TARGET_COLUMNS)
    assert rows[0]['differences'] == 0
