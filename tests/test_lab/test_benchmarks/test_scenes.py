"""Images with positives for the benchmarks."""

import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps
from mmdet.structures.mask import BitmapMasks, PolygonMasks

from mmdet_msrcnn.lab.benchmarks.scenes import (
    imperfect,
    load_images,
    make_scene,
)


@pytest.mark.parametrize(
    ('polygons', 'form'), [(False, BitmapMasks), (True, PolygonMasks)]
)
def test_images_are_those_with_instances(source, polygons, form):
    batches = list(load_images(source, polygons))
    gts = [batch['data_samples'][0].gt_instances for batch in batches]
    assert [len(gt) for gt in gts] == [3, 5]
    assert all(isinstance(gt.masks, form) for gt in gts)
    assert batches[0]['inputs'][0].shape == (3, 128, 192)


def test_positives_lie_around_their_instances(source):
    scene = make_scene(next(load_images(source)), 20)
    assert scene.mask_probs.shape == (20, 28, 28)
    assert scene.inds.tolist() == [k % 3 for k in range(20)]
    ious = bbox_overlaps(scene.boxes, scene.gt.bboxes[scene.inds], 'iou', True)
    assert 0.5 < ious.mean() < 0.95
    assert (scene.boxes >= 0).all()
    assert (scene.boxes[:, 2] <= 192).all()


def test_masks_are_neither_perfect_nor_wrong():
    targets = torch.zeros(50, 28, 28)
    targets[:, 6:22, 8:20] = 1
    masks = imperfect(targets) >= 0.5
    truth = targets.bool()
    ious = (masks & truth).sum((1, 2)) / (masks | truth).sum((1, 2))
    assert 0.5 < ious.mean() < 0.95
    assert ious.std() > 0.05
