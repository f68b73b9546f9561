"""The head that learns the mask score, on detections."""

import copy

import numpy as np
import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils

from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from tests.helpers import (
    PLUS,
    PLUS_LOGS,
    boxes_of,
    build_model,
    ellipse_masks,
    imperfect_probs,
    jitter,
    small_config,
)


@pytest.fixture(scope='module')
def model():
    return build_model(small_config(PLUS)).eval()


SIZE = (80, 120)


@pytest.mark.parametrize('correction', [0.0, 1.0])
@pytest.mark.parametrize('num_masks', [1, 3])
def test_mask_scores_correct_class_score_x_maskness(
    model, correction, num_masks
):
    head = copy.deepcopy(model.roi_head.mask_iou_head)
    for layer, bias in (
        (head.fc_mask_iou, 0.25),
        (head.fc_correction, correction),
    ):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.constant_(layer.bias, bias)
    dets, probs, _ = detections()
    dets.labels[:] = 2
    # Masks of other classes are not read.
    masks = torch.zeros(len(dets), num_masks, 28, 28)
    masks[:, -1] = probs
    feats = torch.rand(len(dets), 16, 14, 14)
    preds = head(feats, masks, dets.labels, head.context([dets]))
    head.predict_by_feat((preds,), [dets])
    for score, mask, found in zip(
        dets.scores.tolist(), probs.numpy(), dets.mask_scores, strict=True
    ):
        product = score * mask[mask >= 0.5].mean()
        odds = product / (1 - product) * np.exp(correction)
        assert found.item() == pytest.approx(odds / (1 + odds), abs=1e-4)
    assert (dets.mask_ious == 0.25).all()


@pytest.mark.parametrize('num', [0, 2])
def test_scores_of_zero_and_one_are_finite(model, num):
    head = model.roi_head.mask_iou_head
    dets, probs, _ = detections(num=1, copies=2)
    dets, probs = dets[:num], probs[:num] * 0
    dets.scores = torch.tensor([0.0, 1.0])[:num]
    probs[1:] = 1
    preds = head(
        torch.rand(num, 16, 14, 14),
        probs[:, None],
        dets.labels,
        head.context([dets]),
    )
    assert preds.shape == (num, 3, 2)
    assert preds.isfinite().all()


def test_it_needs_the_context(model):
    head = model.roi_head.mask_iou_head
    with pytest.raises(ValueError, match='needs the features of context'):
        head(torch.rand(1, 16, 14, 14), torch.rand(1, 1, 28, 28), [0], None)


def test_it_reads_class_scores_and_overlaps(model):
    head = model.roi_head.mask_iou_head
    dets, probs, _ = detections(num=1, copies=2)
    feats = torch.rand(2, 16, 14, 14)

    def preds(**changes):
        changed = InstanceData(**(dict(dets.items()) | changes))
        context = head.context([changed])
        return head(feats, probs[:, None], dets.labels, context)

    before = preds(scores=torch.tensor([0.5, 0.25]))
    surer = preds(scores=torch.tensor([0.9, 0.25]))
    apart = preds(
        scores=torch.tensor([0.5, 0.25]),
        bboxes=dets.bboxes + torch.tensor([[0.0], [500.0]]),
    )
    # The first is surer; the second has lost its rival.
    changed = [
        (p != before).flatten(1).any(1).tolist() for p in (surer, apart)
    ]
    assert changed == [[True, False], [False, True]]


def detections(num=4, copies=3, seed=11):
    """Imperfect masks of instances that hardly touch, some of each."""
    masks = ellipse_masks(num, *SIZE, seed)
    gt = InstanceData(
        bboxes=boxes_of(masks),
        labels=torch.zeros(num, dtype=torch.long),
        masks=BitmapMasks(masks, *SIZE),
    )
    repeated = np.concatenate([masks] * copies)
    boxes = jitter(boxes_of(repeated), 0.1, seed)
    boxes[:, 0::2].clamp_(0, SIZE[1])
    boxes[:, 1::2].clamp_(0, SIZE[0])
    probs = imperfect_probs(repeated, boxes, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    dets = InstanceData(
        bboxes=boxes,
        scores=torch.rand(len(boxes), generator=generator),
        labels=torch.zeros(len(boxes), dtype=torch.long),
    )
    return dets, probs, gt


def loss_and_target(head, dets, probs, gt, ignored=None, dtype=torch.float32):
    cfg = small_config(PLUS).model.train_cfg.rcnn
    preds = torch.zeros(len(dets), 3, 2, requires_grad=True, dtype=dtype)
    return head.loss_and_target(
        preds, probs[:, None], [dets], [gt], [ignored], cfg
    )


def test_targets_are_those_of_pasted_masks(model):
    dets, probs, gt = detections()
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    pasted = paste_masks(probs, dets.bboxes, *SIZE, 0.5).numpy()
    rles = [
        mask_utils.encode(np.asfortranarray(m.astype(np.uint8)))
        for m in (*pasted, *gt.masks.masks)
    ]
    n = len(dets)
    ious = mask_utils.iou(rles[:n], rles[n:], [0] * len(gt))
    overlaps = ious[np.arange(n), np.arange(n) % len(gt)]
    np.testing.assert_allclose(found['mask_iou_targets'], overlaps, atol=0.02)
    # The greedy matching of COCO, one threshold at a time.
    expected = np.zeros(n)
    for thr in np.linspace(0.5, 0.95, 10):
        free = set(range(len(gt)))
        for i in np.argsort(-dets.scores.numpy()):
            g = i % len(gt)
            if g in free and found['mask_iou_targets'][i] >= thr:
                free.remove(g)
                expected[i] += 0.1
    assert 0 < expected.mean() < 0.9
    np.testing.assert_allclose(
        found['mask_score_targets'], expected, atol=1e-6
    )


def test_losses_are_means_over_detections(model):
    dets, probs, gt = detections()
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    log = found['loss_mask_iou']
    # All predictions are 0: a probability of one half.
    assert log['loss_mask_score'].item() == pytest.approx(np.log(2))
    expected = (found['mask_iou_targets'] ** 2).mean() / 2
    assert log['loss_mask_iou'].item() == pytest.approx(expected.item())


def test_detections_on_crowds_do_not_train(model):
    dets, probs, gt = detections(num=2, copies=1)
    head = model.roi_head.mask_iou_head
    crowd = InstanceData(bboxes=dets.bboxes[1:], labels=dets.labels[1:])
    alone = InstanceData(
        bboxes=gt.bboxes[:1], labels=gt.labels[:1], masks=gt.masks[:1]
    )
    everything = loss_and_target(head, dets, probs, alone)['loss_mask_iou']
    without = loss_and_target(head, dets, probs, alone, crowd)['loss_mask_iou']
    assert everything['mask_iou_samples'] == 2
    assert without['mask_iou_samples'] == 1
    crowd_of_others = InstanceData(
        bboxes=crowd.bboxes, labels=crowd.labels + 1
    )
    kept = loss_and_target(head, dets, probs, alone, crowd_of_others)
    assert kept['loss_mask_iou']['mask_iou_samples'] == 2
    # mmdet promises no labels of ignored instances: all classes are meant.
    unlabelled = InstanceData(bboxes=crowd.bboxes)
    dropped = loss_and_target(head, dets, probs, alone, unlabelled)
    assert dropped['loss_mask_iou']['mask_iou_samples'] == 1
    # What the evaluation counts as right is trained, crowd or not.
    both = loss_and_target(head, dets, probs, gt, crowd)['loss_mask_iou']
    assert both['mask_iou_samples'] == 2


def test_losses_are_those_without_what_does_not_train(model):
    dets, probs, gt = detections(num=2, copies=1)
    # The second has a poor mask, whose IoU is not 0 but counts nowhere.
    probs[1, 10:] = 0
    dets.scores = torch.tensor([0.25, 0.75])
    preds = torch.randn(2, 3, 2)
    head = model.roi_head.mask_iou_head
    cfg = small_config(PLUS).model.train_cfg.rcnn

    def found(keep, ignored=None):
        return head.loss_and_target(
            preds[keep],
            probs[keep, None],
            [dets[keep]],
            [gt],
            [ignored],
            cfg,
        )

    crowd = InstanceData(bboxes=dets.bboxes[1:], labels=dets.labels[1:])
    with_crowd, alone = found([0, 1], crowd), found([0])
    ious = with_crowd['mask_iou_targets']
    assert 0 < ious[1] < 0.5 < ious[0]
    assert with_crowd['loss_mask_iou'].keys() == PLUS_LOGS
    for name, value in alone['loss_mask_iou'].items():
        torch.testing.assert_close(with_crowd['loss_mask_iou'][name], value)
    log = with_crowd['loss_mask_iou']
    assert log['mask_iou_target'] == ious[0]
    assert log['mask_score_target'] == with_crowd['mask_score_targets'][0]
    everything = found([0, 1])['loss_mask_iou']
    for name in PLUS_LOGS:
        assert everything[name] != log[name], name


def test_a_detection_of_another_class_has_no_mask_iou(model):
    dets, probs, gt = detections(num=2, copies=1)
    # The first lies on the first instance, which is of another class.
    dets.labels = torch.tensor([1, 0])
    found = loss_and_target(model.roi_head.mask_iou_head, dets, probs, gt)
    assert found['mask_iou_targets'][1] > 0.5
    assert found['mask_iou_targets'][0] == 0
    assert found['mask_score_targets'][0] == 0
    assert found['loss_mask_iou']['mask_iou_samples'] == 2


def test_what_belongs_to_positives_is_refused():
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.target_classes = 'present'
    with pytest.raises(ValueError, match="must be 'true', got 'present'"):
        build_model(cfg)
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.loss_iou.tau = 0.5
    with pytest.raises(ValueError, match='tau must be 0, got 0.5'):
        build_model(cfg)


def test_losses_are_in_float32_under_autocast(model):
    seen = []
    head = model.train().roi_head.mask_iou_head
    handle = head.loss_score.register_forward_pre_hook(
        lambda _, args: seen.append([arg.dtype for arg in args])
    )
    dets, probs, gt = detections()
    with torch.autocast('cpu', torch.bfloat16):
        loss_and_target(head, dets, probs, gt, dtype=torch.bfloat16)
    handle.remove()
    assert seen == [[torch.float32, torch.float32]]


def test_context_takes_boxes_of_either_form(model):
    head = model.roi_head.mask_iou_head
    dets, _, _ = detections()
    expected = head.context([dets])
    dets.bboxes = HorizontalBoxes(dets.bboxes)
    assert torch.equal(head.context([dets]), expected)
