"""The MaskIoU head against mmdet's, with the same weights."""

import pytest
import torch
from mmdet.models.roi_heads.mask_heads.maskiou_head import (
    MaskIoUHead as MMDetMaskIoUHead,
)
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import MaskIoUHead
from tests.helpers import boxes_of, ellipse_masks, sampling_result

SMALL = dict(in_channels=8, conv_out_channels=8, fc_out_channels=16)
LABELS = torch.tensor([2, 0, 1, 0, 1, 2])


@pytest.mark.parametrize('roi_feat_size', [14, 12, 6])
def test_output_equals_mmdet_head_with_the_same_weights(roi_feat_size):
    cfg = dict(SMALL, roi_feat_size=roi_feat_size, num_classes=5)
    theirs, ours = MMDetMaskIoUHead(**cfg), MaskIoUHead(**cfg)
    ours.load_state_dict(theirs.state_dict(), strict=True)
    feats = torch.randn(6, 8, roi_feat_size, roi_feat_size)
    logits = torch.randn(6, 2 * roi_feat_size, 2 * roi_feat_size)
    preds = ours(feats, logits.sigmoid()[:, None], LABELS)
    # Another memory layout may sum in another order.
    torch.testing.assert_close(preds, theirs(feats, logits), rtol=0, atol=1e-6)


def test_default_parameters_are_those_of_mmdet():
    theirs = {k: v.shape for k, v in MMDetMaskIoUHead().state_dict().items()}
    ours = {k: v.shape for k, v in MaskIoUHead().state_dict().items()}
    assert ours == theirs


def test_initialization_matches_mmdet():
    theirs, ours = MMDetMaskIoUHead(**SMALL), MaskIoUHead(**SMALL)
    for head in (theirs, ours):
        torch.manual_seed(1)
        head.init_weights()
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(
            ours.state_dict()[name], value, rtol=0, atol=0
        )


def test_class_agnostic_head_has_one_output():
    head = MaskIoUHead(**SMALL, num_classes=4, class_agnostic=True)
    out = head(torch.randn(2, 8, 14, 14), torch.rand(2, 1, 28, 28), LABELS[:2])
    assert out.shape == (2, 1)


def test_predict_by_feat_clamps_and_multiplies():
    head = MaskIoUHead(**SMALL, num_classes=2)
    scores = torch.tensor([0.5, 0.8, 0.4])
    results = InstanceData(
        scores=scores.clone(), labels=torch.tensor([0, 1, 1])
    )
    preds = torch.tensor([[-0.3, 9.0], [9.0, 0.5], [9.0, 1.7]])
    (results,) = head.predict_by_feat((preds,), [results])
    assert results.mask_ious.tolist() == [0.0, 0.5, 1.0]
    torch.testing.assert_close(
        results.mask_scores, torch.tensor([0.0, 0.4, 0.4])
    )
    assert torch.equal(results.scores, scores)


def test_gradient_reaches_the_mask_but_not_through_the_target():
    masks = ellipse_masks(4, 100, 100)
    boxes = boxes_of(masks)
    inds = torch.arange(4)
    sampling = [sampling_result(boxes, inds, torch.zeros(4).long())]
    gt_instances = [InstanceData(masks=BitmapMasks(masks, 100, 100))]
    cfg = ConfigDict(mask_thr_binary=0.5)
    head = MaskIoUHead(**SMALL, num_classes=1)
    feats = torch.randn(4, 8, 14, 14)
    probs = torch.rand(4, 1, 28, 28, requires_grad=True)

    def gradient(mask_iou_preds):
        out = head.loss_and_target(
            mask_iou_preds, probs, sampling, gt_instances, [None], cfg
        )
        loss = out['loss_mask_iou']['loss_mask_iou']
        return torch.autograd.grad(
            loss + 0 * probs.sum(), probs, retain_graph=True
        )[0]

    assert gradient(head(feats, probs, inds * 0)).abs().sum() > 0
    assert gradient(head(feats, probs.detach(), inds * 0)).abs().sum() == 0


def test_log_says_how_many_samples_train_and_their_mean_target():
    masks = ellipse_masks(2, 64, 64)
    masks[1] = 0
    boxes = boxes_of(masks[:1]).repeat(2, 1)
    head = MaskIoUHead(**SMALL, num_classes=1)
    out = head.loss_and_target(
        torch.zeros(2, 1, requires_grad=True),
        torch.ones(2, 1, 28, 28),
        [sampling_result(boxes, torch.arange(2), torch.zeros(2).long())],
        [InstanceData(masks=BitmapMasks(masks, 64, 64))],
        [None],
        ConfigDict(mask_thr_binary=0.5),
    )
    log, targets = out['loss_mask_iou'], out['mask_iou_targets']
    assert targets[0] > 0
    assert targets[1] == 0
    assert log['mask_iou_samples'] == 1
    assert log['mask_iou_target'] == targets[0]
    torch.testing.assert_close(log['loss_mask_iou'], 0.5 * targets[0] ** 2)


def test_needs_all_masks_where_the_fusion_or_the_targets_do():
    assert not MaskIoUHead(**SMALL).needs_all_masks
    assert MaskIoUHead(**SMALL, fusion='all_masks').needs_all_masks
    assert MaskIoUHead(**SMALL, target_classes='present').needs_all_masks


@pytest.mark.parametrize(
    ('cfg', 'message'),
    [
        (dict(fusion='add'), r"fusion must be one of .*'concat'.* got 'add'"),
        (
            dict(target_classes='some'),
            r"target_classes must be one of .*'true'.* got 'some'",
        ),
        (
            dict(target_classes='all', class_agnostic=True),
            "target_classes='all' trains one output per class",
        ),
    ],
)
def test_bad_choice_is_named(cfg, message):
    with pytest.raises(ValueError, match=message):
        MaskIoUHead(**SMALL, **cfg)
