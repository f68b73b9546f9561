"""Training targets of the classes of a RoI."""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import MaskIoUHead
from mmdet_msrcnn.models.targets.per_class_target import class_targets
from tests.helpers import sampling_result

# Three squares: class 2; class 0, shifted by a quarter; class 1, far away.
BOXES = torch.tensor([[0.0, 0, 28, 28], [7.0, 0, 35, 28], [60.0, 60, 88, 88]])
CLASSES = torch.tensor([2, 0, 1])
NUM_CLASSES = 4


def ground_truth() -> InstanceData:
    masks = torch.zeros(3, 100, 100, dtype=torch.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, BOXES.int(), strict=True):
        mask[y1:y2, x1:x2] = 1
    return InstanceData(
        bboxes=BOXES,
        labels=CLASSES,
        masks=BitmapMasks(masks.numpy(), 100, 100),
    )


def mask_probs() -> torch.Tensor:
    """In every RoI: left half for class 2, all for class 0, none for 1."""
    probs = torch.zeros(2, NUM_CLASSES, 28, 28)
    probs[:, 2, :, :14] = 1
    probs[:, 0] = 1
    return probs


def targets(target_classes, probs=None):
    # RoIs on the first and on the third instance
    inds = torch.tensor([0, 2])
    return class_targets(
        target_classes,
        mask_probs() if probs is None else probs,
        sampling_result(BOXES[inds], inds, CLASSES[inds]),
        ground_truth(),
        0.5,
        NUM_CLASSES,
    )


def present_in_first_roi(gt):
    return class_targets(
        'present',
        mask_probs(),
        sampling_result(BOXES[:1], torch.tensor([0]), torch.tensor([2])),
        gt,
        0.5,
        NUM_CLASSES,
    )


def test_true_class_alone():
    ious, known = targets('true')
    assert known.tolist() == [
        [False, False, True, False],
        [False, True, False, False],
    ]
    assert ious[0, 2] == pytest.approx(0.5)
    # nothing predicted
    assert ious[1, 1] == 0


def test_all_classes_but_the_true_one_are_zero():
    ious, known = targets('all')
    assert known.all()
    assert ious[0].tolist() == pytest.approx([0, 0, 0.5, 0])


def test_present_classes_have_their_own_iou():
    ious, known = targets('present')
    # The second instance has a box IoU of 21 / 35 = 0.6 with the first RoI;
    # its mask, all of the RoI, has the same IoU with it.
    assert known[0].tolist() == [True, False, True, False]
    assert ious[0].tolist() == pytest.approx([0.6, 0, 0.5, 0])
    assert known[1].tolist() == [False, True, False, False]


# Height of the second box; it lies in the RoI of 28 x 28 pixels.
@pytest.mark.parametrize(
    ('height', 'present'), [(14.0, True), (13.9, False), (10.0, False)]
)
def test_instances_are_present_from_a_box_iou_of_one_half(height, present):
    gt = ground_truth()
    gt.bboxes = BOXES.clone()
    gt.bboxes[1] = torch.tensor([0.0, 0, 28, height])
    gt.masks.masks[1] = 0
    gt.masks.masks[1, : int(height), :28] = 1
    _, known = present_in_first_roi(gt)
    assert known[0].tolist() == [present, False, True, False]


def test_of_two_present_instances_the_larger_overlap_counts():
    gt = ground_truth()
    # the far one moves beside the RoI, nearer than the other of its class
    gt.labels = torch.tensor([2, 0, 0])
    gt.bboxes = BOXES.clone()
    gt.bboxes[2] = torch.tensor([2.0, 0, 30, 28])
    gt.masks.masks[2] = 0
    gt.masks.masks[2, :28, 2:30] = 1
    ious, _ = present_in_first_roi(gt)
    assert ious[0, 0] == pytest.approx(26 / 30)


def test_equal_boxes_of_a_class_take_the_larger_iou():
    gt = ground_truth()
    gt.labels = torch.tensor([2, 0, 0])
    gt.bboxes = BOXES[[0, 1, 1]]
    for empty in (1, 2):
        gt.masks = ground_truth().masks[[0, 1, 1]]
        gt.masks.masks[empty] = 0
        ious, known = present_in_first_roi(gt)
        assert ious[0, 0] == pytest.approx(0.6)
        assert known[0, 0]
    # Both have an IoU.
    gt.masks = ground_truth().masks[[0, 1, 1]]
    gt.masks.masks[2, :14] = 0
    ious, _ = present_in_first_roi(gt)
    assert ious[0, 0] == pytest.approx(0.6)


@pytest.mark.parametrize('target_classes', ['true', 'all', 'present'])
def test_no_positives(target_classes):
    none = torch.zeros(0, dtype=torch.long)
    ious, known = class_targets(
        target_classes,
        torch.zeros(0, NUM_CLASSES, 28, 28),
        sampling_result(torch.zeros(0, 4), none, none),
        ground_truth()[:0],
        0.5,
        NUM_CLASSES,
    )
    assert ious.shape == known.shape == (0, NUM_CLASSES)


# Predictions of 0.2 everywhere; the second RoI has a target of 0 and is left
# out. Errors of the first: its true class, then those of other classes.
@pytest.mark.parametrize(
    ('target_classes', 'errors'),
    [
        ('true', [0.3]),
        ('all', [0.3, 0.2, 0.2, 0.2]),
        ('present', [0.3, 0.4]),
    ],
)
def test_loss_is_a_sum_over_classes_and_a_mean_over_rois(
    target_classes, errors
):
    head = MaskIoUHead(
        in_channels=2,
        conv_out_channels=2,
        fc_out_channels=2,
        num_classes=NUM_CLASSES,
        target_classes=target_classes,
    )
    inds = torch.tensor([0, 2])
    preds = torch.full((2, NUM_CLASSES), 0.2, requires_grad=True)
    out = head.loss_and_target(
        preds,
        mask_probs(),
        [sampling_result(BOXES[inds], inds, CLASSES[inds])],
        [ground_truth()],
        [None],
        ConfigDict(mask_thr_binary=0.5),
    )['loss_mask_iou']
    expected = 0.5 * sum(e**2 for e in errors)
    assert out['loss_mask_iou'].item() == pytest.approx(expected, abs=1e-6)
    assert out['mask_iou_samples'] == 1
    assert out['mask_iou_target'] == pytest.approx(0.5)
    out['loss_mask_iou'].backward()
    assert preds.grad[1].abs().sum() == 0
    assert (preds.grad[0] != 0).sum() == len(errors)


# The true class has a target of 0.5: tau drops the RoI, other classes too.
@pytest.mark.parametrize('target_classes', ['true', 'all', 'present'])
@pytest.mark.parametrize(('tau', 'samples'), [(0.4, 1), (0.5, 0)])
def test_tau_chooses_rois(target_classes, tau, samples):
    head = MaskIoUHead(
        in_channels=2,
        conv_out_channels=2,
        fc_out_channels=2,
        num_classes=NUM_CLASSES,
        target_classes=target_classes,
        loss_iou=dict(type='mmdet_msrcnn.MaskIoULoss', tau=tau),
    )
    preds = torch.full((1, NUM_CLASSES), 0.2, requires_grad=True)
    out = head.loss_and_target(
        preds,
        mask_probs()[:1],
        [sampling_result(BOXES[:1], torch.tensor([0]), CLASSES[:1])],
        [ground_truth()],
        [None],
        ConfigDict(mask_thr_binary=0.5),
    )['loss_mask_iou']
    assert out['mask_iou_samples'] == samples
    assert (out['loss_mask_iou'] > 0) == (samples > 0)


def test_class_agnostic_head_has_one_column():
    inds = torch.tensor([0, 2])
    ious, known = class_targets(
        'true',
        mask_probs()[:, 2:3],
        sampling_result(BOXES[inds], inds, CLASSES[inds]),
        ground_truth(),
        0.5,
        1,
    )
    assert ious[:, 0].tolist() == pytest.approx([0.5, 0.5])
    assert known.all()
