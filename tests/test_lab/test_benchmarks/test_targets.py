"""Targets of the two mask heads compared with mmdet."""

import numpy as np
import pytest
import torch
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData

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
    assert_printable(rows[1:], targets.MASK_TARGET_COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
    assert [row['differences'] for row in rows] == [0, 0]


def test_shares_that_differ(source):
    scene = make_scene(next(load_images(source, polygons=True)), 2)
    height, width = scene.gt.masks.height, scene.gt.masks.width
    # A cell is 2 x 2 pixels. The last column of cells is filled to 0.4, that
    # is 0.8 of a pixel, which becomes a whole pixel of the bitmap.
    square = np.array([8.0, 8, 62.8, 8, 62.8, 64, 8, 64])
    masks = PolygonMasks([[square]], height, width)
    scene = scene._replace(gt=InstanceData(masks=masks))
    scene.sampling.pos_assigned_gt_inds.zero_()
    scene.sampling.pos_priors = torch.tensor([[8.0, 8, 64, 64]]).repeat(2, 1)
    found = targets.shares_that_differ(scene)
    column = 1 / 28
    assert found == pytest.approx(
        dict(
            unlike_bitmaps=column,
            unlike_shape=0,
            bitmaps_unlike_shape=column,
        )
    )


def test_step_targets(source):
    rows = targets.measure_step_targets(source, 1)
    assert_printable(rows, targets.STEP_COLUMNS)
    assert [row['masks'] for row in rows] == ['bitmap', 'polygon']
