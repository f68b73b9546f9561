"""MaskIoU targets against pasted masks, mmdet's targets and hand-worked cases.

The oracle pastes the predicted mask with mmdet's own paste and takes the IoU
with pycocotools at the full resolution.
"""

import cv2
import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask
from mmdet.models.roi_heads.mask_heads.maskiou_head import (
    MaskIoUHead as MMDetMaskIoUHead,
)
from mmdet.structures.mask import BitmapMasks, PolygonMasks, mask_target
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.lab.benchmarks.scenes import as_bitmaps
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import (
    mask_iou_target,
    sample_axis,
)
from tests.helpers import (
    boxes_of,
    ellipse_masks,
    imperfect_probs,
    iou_target,
    jitter,
    sampling_result,
)


def encode(masks) -> list[dict]:
    masks = np.asfortranarray(np.transpose(masks, (1, 2, 0)), dtype=np.uint8)
    return mask_utils.encode(masks)


def pasted_ious(probs, boxes, gt_inds, gt_masks) -> torch.Tensor:
    height, width = gt_masks.shape[1:]
    pasted, _ = _do_paste_mask(
        probs[:, None], boxes, height, width, skip_empty=False
    )
    pred = encode((pasted >= 0.5).numpy())
    truth = encode(gt_masks.numpy())
    ious = [
        mask_utils.iou([p], [truth[i]], [0])[0, 0]
        for p, i in zip(pred, gt_inds.tolist(), strict=True)
    ]
    return torch.tensor(ious, dtype=torch.float32)


def ellipse_case(num=40, size=(300, 400), spread=0.1):
    """K = 3 * num predictions of varied quality on ellipses with a hole."""
    masks = ellipse_masks(num, *size)
    gt_inds = torch.arange(num).repeat(3)
    boxes = jitter(boxes_of(masks)[gt_inds], spread)
    probs = imperfect_probs(masks[gt_inds], boxes)
    return probs, boxes, gt_inds, torch.from_numpy(masks)


def test_equals_pasted_iou_where_nothing_is_resampled():
    # Boxes of at most 56 pixels: every pixel is a sample.
    probs, boxes, gt_inds, gt_masks = ellipse_case(size=(150, 150))
    small = (boxes[:, 2:] - boxes[:, :2]).amax(1) <= 56
    assert small.sum() > 10
    case = probs[small], boxes[small], gt_inds[small], gt_masks
    torch.testing.assert_close(
        iou_target(*case), pasted_ious(*case), atol=1e-3, rtol=0
    )


def test_close_to_pasted_iou_of_ellipses():
    case = ellipse_case(size=(600, 800))
    truth = pasted_ious(*case)
    assert truth.std() > 0.1
    assert (iou_target(*case) - truth).abs().mean() <= 0.005


@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
def test_close_to_pasted_iou_on_coco(coco_mini, form):
    targets, truths = [], []
    for gt_masks in coco_gt_masks(coco_mini, form, limit=25):
        stacked = torch.from_numpy(as_bitmaps(gt_masks).masks)
        gt_inds = torch.arange(len(stacked)).repeat(3)
        boxes = jitter(boxes_of(stacked.numpy())[gt_inds], 0.1)
        probs = imperfect_probs(stacked.numpy()[gt_inds], boxes)
        case = probs, boxes, gt_inds, stacked
        targets.append(iou_target(*case))
        truths.append(pasted_ious(*case))
    targets, truths = torch.cat(targets), torch.cat(truths)
    assert len(truths) > 200
    assert (targets - truths).abs().mean() <= 0.005


def coco_gt_masks(root, form: str, limit: int):
    """Masks of COCO images at twice their size, as in training."""
    coco = COCO(root / 'annotations/instances_val2017.json')
    for img in coco.loadImgs(coco.getImgIds())[:limit]:
        anns = coco.loadAnns(coco.getAnnIds(img['id'], iscrowd=False))
        height, width = img['height'], img['width']
        polygons = PolygonMasks(
            [[np.array(p) for p in ann['segmentation']] for ann in anns],
            height,
            width,
        )
        if form == 'bitmap':
            # OpenCV 4 resizes no bool.
            masks = polygons.to_bitmap().masks.astype(np.uint8)
            polygons = BitmapMasks(masks, height, width)
        masks = polygons.resize((2 * height, 2 * width))
        areas = pack_gt_masks(masks, 'cpu').areas
        keep = np.flatnonzero(areas.numpy() > 16)
        if len(keep):
            yield masks[keep]


def test_close_to_mmdet_targets_thresholded_alike():
    probs, boxes, gt_inds, gt_masks = ellipse_case()
    sampling = [sampling_result(boxes, gt_inds, torch.zeros_like(gt_inds))]
    masks = BitmapMasks(gt_masks.numpy(), *gt_masks.shape[1:])
    # mmdet compares logits with the threshold: 0 is a probability of 0.5.
    cfg = ConfigDict(mask_size=28, mask_thr_binary=0.0)
    theirs = MMDetMaskIoUHead().get_targets(
        sampling,
        [InstanceData(masks=masks)],
        probs.logit(eps=1e-6),
        mask_target([boxes], [gt_inds], [masks], cfg),
        cfg,
    )
    ours = iou_target(probs, boxes, gt_inds, gt_masks)
    assert (ours - theirs).abs().mean() <= 0.015


def test_hand_worked_case():
    # The box covers a 28 x 28 square; the instance is its upper half and as
    # much again to the right of it; the prediction is the left half.
    gt = torch.zeros(1, 40, 80, dtype=torch.uint8)
    gt[0, 4:18, 4:60] = 1
    probs = torch.zeros(1, 28, 28)
    probs[0, :, :14] = 1
    box = torch.tensor([[4.0, 4, 32, 32]])
    overlap, predicted, instance = 14 * 14, 28 * 14, 14 * 56
    iou = iou_target(probs, box, torch.tensor([0]), gt)
    assert iou.item() == pytest.approx(
        overlap / (predicted + instance - overlap)
    )


def test_perfect_mask_is_one_whatever_the_size():
    for size in (1, 7, 28, 56, 57, 333):
        gt = torch.ones(1, size, size, dtype=torch.uint8)
        box = torch.tensor([[0.0, 0, size, size]])
        iou = iou_target(torch.ones(1, 28, 28), box, torch.tensor([0]), gt)
        assert iou.item() == pytest.approx(1, abs=1e-5)


# one comment per case
@pytest.mark.parametrize(
    'box',
    [
        (10, 10, 10, 30),  # no width
        (10.6, 10, 11.4, 30),  # narrower than a pixel, between two centres
        (-50, -50, -10, -10),  # outside, upper left
        (200, 200, 260, 260),  # outside, lower right
        (30, 30, 10, 10),  # turned inside out
    ],
)
def test_box_without_a_pixel_gives_zero(box):
    gt = torch.ones(1, 64, 64, dtype=torch.uint8)
    boxes = torch.tensor([box], dtype=torch.float32)
    iou = iou_target(torch.ones(1, 28, 28), boxes, torch.tensor([0]), gt)
    assert iou.tolist() == [0.0]


def test_instance_without_area_gives_zero():
    gt = torch.zeros(1, 64, 64, dtype=torch.uint8)
    boxes = torch.tensor([[4.0, 4, 40, 40]])
    iou = iou_target(torch.ones(1, 28, 28), boxes, torch.tensor([0]), gt)
    assert iou.tolist() == [0.0]


def test_part_of_the_box_outside_the_image_does_not_count():
    gt = torch.ones(1, 20, 20, dtype=torch.uint8)
    boxes = torch.tensor([[-20.0, 0, 20, 20]])
    iou = iou_target(torch.ones(1, 28, 28), boxes, torch.tensor([0]), gt)
    assert iou.item() == pytest.approx(1)


def test_targets_carry_no_gradient_and_are_float32_under_autocast():
    probs, boxes, gt_inds, gt_masks = ellipse_case(num=4)
    expected = iou_target(probs, boxes, gt_inds, gt_masks)
    probs.requires_grad_()
    with torch.autocast('cpu', dtype=torch.bfloat16):
        targets = iou_target(probs, boxes, gt_inds, gt_masks)
    assert not targets.requires_grad
    assert targets.dtype == torch.float32
    torch.testing.assert_close(targets, expected, rtol=0, atol=0)


def test_nothing_is_kept_for_a_gradient():
    probs, boxes, gt_inds, gt_masks = ellipse_case(num=4)
    probs.requires_grad_()

    def refuse(tensor):
        raise AssertionError('autograd keeps a tensor')

    with torch.autograd.graph.saved_tensors_hooks(refuse, lambda x: x):
        iou_target(probs, boxes, gt_inds, gt_masks)
        with pytest.raises(AssertionError, match='keeps a tensor'):
            probs.square()


@pytest.mark.parametrize(('thr', 'iou'), [(0.5, 1.0), (0.5001, 0.0)])
def test_a_pixel_at_the_threshold_is_foreground(thr, iou):
    # The box has the size of the mask: nothing is interpolated.
    gt = torch.ones(1, 28, 28, dtype=torch.uint8)
    box = torch.tensor([[0.0, 0, 28, 28]])
    probs = torch.full((1, 28, 28), 0.5)
    assert iou_target(probs, box, torch.tensor([0]), gt, thr).item() == iou


def test_a_target_is_never_above_one():
    # Of a lattice of every second pixel in each direction only foreground is
    # sampled.
    gt = torch.zeros(1, 120, 120, dtype=torch.uint8)
    gt[0, ::2, ::2] = 1
    for low in (0.0, 1.0):
        box = torch.tensor([[low, low, low + 112, low + 112]])
        iou = iou_target(torch.ones(1, 28, 28), box, torch.tensor([0]), gt)
        assert 0 <= iou <= 1


def test_known_limit_of_a_lattice_in_step_with_the_samples():
    # docs/mask_iou_target.md: the IoU is 1/4.
    gt = torch.zeros(1, 112, 112, dtype=torch.uint8)
    gt[0, 1::2, 1::2] = 1
    box = torch.tensor([[0.0, 0, 112, 112]])
    case = torch.ones(1, 28, 28), box, torch.tensor([0]), gt
    assert pasted_ious(*case).item() == pytest.approx(0.25, abs=1e-3)
    assert iou_target(*case).item() == 1


def test_polygons_and_bitmaps_agree():
    polygon = np.array([10.0, 10, 50, 12, 44, 50, 20, 40])
    polygons = PolygonMasks([[polygon]], 64, 64)
    bitmap = np.zeros((1, 64, 64), np.uint8)
    cv2.fillPoly(bitmap[0], [polygon.reshape(-1, 2).astype(int)], 1)
    boxes = torch.tensor([[8.0, 8, 52, 52]])
    targets = [
        mask_iou_target(
            torch.full((1, 28, 28), 0.9),
            boxes,
            torch.tensor([0]),
            pack_gt_masks(masks, 'cpu'),
        ).item()
        for masks in (polygons, BitmapMasks(bitmap, 64, 64))
    ]
    assert targets[0] == pytest.approx(targets[1], abs=0.05)
    assert targets[0] > 0.4


def test_axis_samples_spread_evenly():
    samples = sample_axis(torch.tensor([3.0]), torch.tensor([115.0]), 200, 28)
    # 112 pixels, 56 samples: the second of each pair of pixels.
    assert samples.step.tolist() == [2.0]
    assert samples.pixels[0].tolist() == list(range(4, 115, 2))
    # Every second pixel is every half a cell of the mask, from 1.5 pixels on.
    assert samples.positions[0].tolist() == pytest.approx(
        [1.5 / 4 - 0.5 + k / 2 for k in range(56)]
    )


def test_no_positive_gives_an_empty_target():
    targets = iou_target(
        torch.zeros(0, 28, 28),
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.long),
        torch.zeros(0, 64, 64, dtype=torch.uint8),
    )
    assert targets.shape == (0,)


def test_the_last_row_and_column_of_the_image_count():
    """Hand-worked: an instance along two borders, a mask of all pixels."""
    height, width = 6, 9
    truth = torch.zeros(1, height, width, dtype=torch.uint8)
    truth[:, -1] = truth[:, :, -1] = 1
    box = torch.tensor([[0.0, 0, width, height]])
    probs = torch.ones(1, 28, 28)
    (found,) = iou_target(probs, box, torch.tensor([0]), truth)
    assert found.item() == pytest.approx((height + width - 1) / 54)
