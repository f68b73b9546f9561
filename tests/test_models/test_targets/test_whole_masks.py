"""Masks of whole images, against pycocotools and hand-worked cases."""

import numpy as np
import torch
from mmcv import ops
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmdet_msrcnn.models.targets import whole_masks
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.whole_masks import (
    crop_masks,
    mask_boxes,
    pixel_windows,
    whole_mask_ious,
)
from tests.helpers import boxes_of, ellipse_masks, jitter

CPU = torch.device('cpu')


def encode(masks):
    return mask_utils.encode(
        np.asfortranarray(masks.transpose(1, 2, 0).astype(np.uint8))
    )


def test_ious_are_those_of_pycocotools():
    masks = ellipse_masks(12, 70, 90, seed=1)
    truth = ellipse_masks(5, 70, 90, seed=2)
    ious = mask_utils.iou(encode(masks), encode(truth), [0] * 5)
    inds = torch.arange(12) % 5
    found = whole_mask_ious(
        torch.from_numpy(masks).bool(),
        inds,
        pack_gt_masks(BitmapMasks(truth, 70, 90), CPU),
    )
    expected = torch.from_numpy(ious[np.arange(12), inds.numpy()])
    assert (expected > 0).sum() >= 5
    torch.testing.assert_close(found.double(), expected, atol=1e-7, rtol=0)


def test_polygons_and_padding():
    square = np.array([2, 2, 8, 2, 8, 8, 2, 8], float)
    # The ground truth of a batch is padded, predictions are not.
    truth = PolygonMasks([[square]], 32, 40)
    masks = torch.zeros(1, 20, 30, dtype=torch.bool)
    masks[:, 2:8, 2:5] = True
    gt_masks = pack_gt_masks(truth, CPU)
    assert gt_masks.areas.tolist() == [36]
    assert whole_mask_ious(masks, torch.tensor([0]), gt_masks) == 0.5


def test_empty_masks():
    truth = BitmapMasks(np.stack([np.zeros((8, 8)), np.ones((8, 8))]), 8, 8)
    masks = torch.zeros(3, 8, 8, dtype=torch.bool)
    masks[2] = True
    found = whole_mask_ious(
        masks, torch.tensor([0, 1, 0]), pack_gt_masks(truth, CPU)
    )
    assert found.tolist() == [0, 0, 0]
    none = whole_mask_ious(
        masks[:0], torch.zeros(0, dtype=torch.long), pack_gt_masks(truth, CPU)
    )
    assert none.shape == (0,)


def test_crop_is_the_share_of_each_cell():
    masks = torch.zeros(1, 12, 16, dtype=torch.bool)
    masks[0, 4:8, 4:10] = True
    # 8 x 8 pixels from (4, 4); the mask fills the upper half, 6 columns.
    found = crop_masks(masks, torch.tensor([[4.0, 4.0, 12.0, 12.0]]), 4)
    full, half = [1.0, 1.0, 1.0, 0.0], [0.0] * 4
    assert found.tolist() == [[full, full, half, half]]
    # A shift by half a cell
    shifted = crop_masks(masks, torch.tensor([[5.0, 4.0, 13.0, 12.0]]), 4)
    assert shifted[0, 0].tolist() == [1.0, 1.0, 0.5, 0.0]


def test_crops_are_those_of_the_whole_image():
    masks = torch.from_numpy(ellipse_masks(4, 60, 80, seed=3)).bool()
    boxes = jitter(boxes_of(masks.numpy()), 0.3)
    boxes[3] = torch.tensor([-6.0, 10.0, 70.0, 70.0])
    rois = torch.cat([torch.arange(4.0)[:, None], boxes], dim=1)
    expected = ops.roi_align(
        masks[:, None].float(), rois, (28, 28), 1.0, 0, 'avg', True
    )[:, 0]
    found = crop_masks(masks, boxes, 28)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    assert expected.amax(dim=(1, 2)).min() > 0


def test_time_does_not_grow_with_the_box(monkeypatch):
    seen = []
    monkeypatch.setattr(
        whole_masks,
        'roi_align',
        lambda *args: seen.append(args[4]) or torch.zeros(28, 28),
    )
    boxes = torch.tensor(
        [[0.0, 0, 20, 20], [0, 0, 40, 84], [0, 0, 900, 90], [0, 0, 9e9, 9e9]]
    )
    crop_masks(torch.zeros(4, 1000, 1000, dtype=torch.bool), boxes, 28)
    assert seen == [0, 0, 4, 4]


def test_crop_outside_the_image():
    masks = torch.ones(3, 8, 8, dtype=torch.bool)
    boxes = torch.tensor([[-8.0, 0, 8, 8], [50, 50, 60, 60], [0, 0, 0, 0]])
    found = crop_masks(masks, boxes, 4)
    assert found.isfinite().all()
    assert ((found >= 0) & (found <= 1)).all()
    assert crop_masks(masks[:0], boxes[:0], 4).shape == (0, 4, 4)


def test_windows_are_in_the_image():
    boxes = torch.tensor(
        [[1.2, 2.9, 5.1, 6.0], [-9, -9, -5, -5], [90, 90, 99, 99]]
    )
    assert pixel_windows(boxes, 20, 30) == [
        [0, 1, 7, 7],
        [0, 0, 1, 1],
        [29, 19, 30, 20],
    ]


def test_boxes_of_detections():
    masks = torch.zeros(5, 10, 12, dtype=torch.bool)
    masks[:4, 2:5, 3:9] = True
    own = torch.tensor(
        [
            [1.0, 1.0, 4.0, 4.0],
            [0.0, 0.0, 0.0, 0.0],
            [5.0, 5.0, 2.0, 9.0],
            [float('nan'), 0.0, 4.0, float('inf')],
            [0.0, 0.0, 0.0, 0.0],
        ]
    )
    results = InstanceData(bboxes=own.clone(), masks=masks)
    of_mask = [3.0, 2.0, 9.0, 5.0]
    expected = [own[0].tolist(), of_mask, of_mask, of_mask, [0.0] * 4]
    assert mask_boxes(results).tolist() == expected
    # What the detector predicted stays as it is.
    assert torch.equal(results.bboxes[:3], own[:3])
    del results.bboxes
    assert mask_boxes(results).tolist() == [of_mask] * 4 + [[0.0] * 4]
