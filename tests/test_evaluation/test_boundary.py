"""Boundary IoU against an oracle at full size."""

import cv2
import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.boundary import boundary_overlaps, mask_boundary
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from tests.test_evaluation.coco_cases import (
    encode,
    make_coco,
    random_case,
    rectangle,
)


def outline(mask: np.ndarray, distance: int) -> np.ndarray:
    """Pixels within a distance of the outside, one at a time."""
    padded = np.pad(mask, distance)
    found = np.zeros_like(mask)
    for y, x in zip(*np.nonzero(mask), strict=True):
        around = padded[y : y + 2 * distance + 1, x : x + 2 * distance + 1]
        found[y, x] = not around.all()
    return found


def random_mask(seed: int, height: int, width: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((height, width), np.float32)
    return (cv2.GaussianBlur(noise, (0, 0), 4) > 0.5).astype(np.uint8)


# Diagonals of 10, 75, 100 and 500 pixels: 1, 1.5, 2 and 10 pixels.
@pytest.mark.parametrize(
    ('size', 'distance'),
    [((6, 8), 1), ((45, 60), 2), ((60, 80), 2), ((300, 400), 10)],
)
@pytest.mark.parametrize('seed', range(3))
def test_pixels_near_the_outside(size, distance, seed):
    mask = random_mask(seed, *size)
    found = mask_utils.decode(mask_boundary(encode(mask)))
    expected = outline(mask, distance)
    assert np.array_equal(found, expected)
    if size == (300, 400):
        assert 0 < expected.sum() < mask.sum()


def test_hand_worked_square():
    # 64 x 64 has a diagonal of 90.5, so 2 pixels.
    found = mask_utils.decode(mask_boundary(encode(rectangle(10, 20, 9, 7))))
    expected = rectangle(10, 20, 9, 7) - rectangle(12, 22, 5, 3)
    assert np.array_equal(found, expected)
    # The border of the image is outside.
    found = mask_utils.decode(mask_boundary(encode(rectangle(0, 0, 64, 64))))
    assert np.array_equal(found, 1 - rectangle(2, 2, 60, 60))


def test_empty_mask():
    empty = encode(rectangle(0, 0, 0, 0))
    assert mask_utils.area(mask_boundary(empty)) == 0


class BoundaryCOCOeval(COCOeval):
    """pycocotools with boundary IoUs from masks at full size."""

    def computeIoU(self, img_id, cat_id):  # noqa: N802, N803
        gts, dts = self._gts[img_id, cat_id], self._dts[img_id, cat_id]
        if not gts or not dts:
            return []
        dts = sorted(dts, key=lambda det: -det['score'])
        crowds = [int(gt['iscrowd']) for gt in gts]
        ious = []
        for change in (lambda mask: mask, lambda mask: outline(mask, 2)):
            rles = [
                [
                    encode(change(mask_utils.decode(ann['segmentation'])))
                    for ann in anns
                ]
                for anns in (dts, gts)
            ]
            ious.append(mask_utils.iou(*rles, crowds))
        return np.minimum(*ious)


@pytest.mark.parametrize('seed', range(3))
@pytest.mark.parametrize('key', ['score', 'mask_score', 'oracle_score'])
def test_precision_is_pycocotools(seed, key):
    coco, detections = random_case(seed)
    protocol = coco.getCatIds(), coco.getImgIds()
    # Lower ones, because the objects are small.
    thrs = np.linspace(0.1, 0.55, 10)
    evaluation = MaskEvaluation(coco, detections, *protocol, iou_thrs=thrs)
    found = evaluation.boundary_precision_by(key)
    ranked = [dict(det, score=det[key]) for det in evaluation.detections]
    for det in ranked:
        del det['bbox']
    expected = BoundaryCOCOeval(
        evaluation.coco, evaluation.coco.loadRes(ranked), 'segm'
    )
    expected.params.iouThrs = thrs
    expected.evaluate()
    expected.accumulate()
    np.testing.assert_allclose(
        found, expected.eval['precision'][..., -1], atol=1e-9
    )
    # The outline matters.
    assert 0.02 < found[found > -1].mean() < 0.9
    assert not np.allclose(found, evaluation.precision_by(key))


HOLE = rectangle(10, 20, 20, 20) - rectangle(18, 28, 4, 4)


@pytest.mark.parametrize(
    ('mask', 'mask_iou', 'boundary_iou'),
    [
        # Its outline has 48 pixels around the hole, and 144 in common.
        (HOLE, 384 / 400, 144 / 192),
        # Shifted by 2 pixels: 4 rows of 18 pixels in common.
        (rectangle(12, 20, 20, 20), 360 / 440, 72 / 216),
    ],
)
def test_hand_worked_pairs(mask, mask_iou, boundary_iou):
    coco = make_coco([(1, 10, (10, 20, 20, 20), 0)], 1, 1)
    det = dict(image_id=1, category_id=10, score=0.5, bbox=[0, 0, 1, 1])
    detections = [det | dict(segmentation=encode(mask))]
    evaluation = MaskEvaluation(coco, detections, [10], [1], iou_thrs=[0.3])
    (truth,) = evaluation.coco.dataset['annotations']
    found = boundary_overlaps(
        evaluation.overlaps, [encode(mask)], [truth['segmentation']]
    )
    assert found.pairs.ious == pytest.approx([boundary_iou])
    # The true MaskIoU stays that of the mask.
    assert found.true_ious == pytest.approx([mask_iou])
    evaluation = MaskEvaluation(coco, detections, [10], [1], iou_thrs=[0.8])
    assert len(evaluation.overlaps.pairs.ious) == 1
    assert len(evaluation.boundary_overlaps.pairs.ious) == 0
