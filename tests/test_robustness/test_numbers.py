"""Losses and predictions stay finite; otherwise an error names them."""

import numpy as np
import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.structures import InstanceData
from torch import nn

from mmdet_msrcnn.evaluation import MaskScoringMetric
from mmdet_msrcnn.models import MaskIoUHead
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from tests.helpers import (
    boxes_of,
    build_model,
    collate,
    ellipse_masks,
    imperfect_probs,
    iou_target,
    losses_of,
    sampling_result,
    scene,
    small_config,
)


def values(losses: dict) -> dict[str, float]:
    """Each logged figure; lists, as of the RPN, summed."""
    return {
        name: float(sum(value) if isinstance(value, list) else value)
        for name, value in losses.items()
    }


def fill(batch: dict, value: int) -> dict:
    for image in batch['inputs']:
        image.fill_(value)
    return batch


# Images of each batch
BATCHES = {
    'black images': fill(collate(scene(), scene(2, seed=1)), 0),
    'white images': fill(collate(scene(), scene(2, seed=1)), 255),
    'no instance in any image': collate(scene(0), scene(0, seed=1)),
    'no instance in one image': collate(scene(), scene(0, seed=1)),
}


@pytest.mark.parametrize('case', BATCHES)
def test_losses_and_predictions_are_finite(case):
    batch, model = BATCHES[case], build_model(small_config())
    losses = values(losses_of(model.train(), batch))
    assert np.isfinite(list(losses.values())).all()
    with torch.no_grad():
        results = model.eval().test_step(batch)
    for result in results:
        pred = result.pred_instances
        assert pred.mask_scores.isfinite().all()
        assert ((pred.mask_ious >= 0) & (pred.mask_ious <= 1)).all()


# Bias of the mask logits, whether samples train
@pytest.mark.parametrize(
    ('bias', 'trains'), [(-1e4, False), (1e4, True)], ids=['empty', 'full']
)
def test_all_masks_empty_or_full(bias, trains):
    model = build_model(small_config()).train()
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, bias)
    losses = losses_of(model, collate(scene(), scene(2, seed=1)))
    assert losses['loss_mask_iou'].isfinite()
    assert (losses['mask_iou_samples'] > 0) == trains
    if trains:
        # The instance covers a part of its box.
        assert 0.1 < losses['mask_iou_target'] < 0.9
    losses['loss_mask_iou'].backward()
    for parameter in model.roi_head.mask_iou_head.parameters():
        assert parameter.grad.isfinite().all()


# mmcv's NMS and RoIAlign have no half precision on the CPU, so that only what
# is ours runs here; test_gpu.py trains a whole detector.
@pytest.mark.parametrize(
    ('dtype', 'tolerance'), [(torch.bfloat16, 0.02), (torch.float16, 0.002)]
)
def test_head_and_loss_under_autocast(dtype, tolerance):
    masks = ellipse_masks(8, 80, 90)
    boxes, inds = boxes_of(masks), torch.arange(8)
    labels = inds % 3
    logits = imperfect_probs(masks, boxes)[:, None].logit(eps=1e-3)
    feats = torch.randn(8, 16, 14, 14)
    head = MaskIoUHead(in_channels=16, conv_out_channels=16, num_classes=3)
    head.init_weights()
    gt = [InstanceData(masks=BitmapMasks(masks, 80, 90))]
    sampling = [sampling_result(boxes, inds, labels)]
    cfg = ConfigDict(mask_thr_binary=0.5)
    found = []
    for enabled in (False, True):
        with torch.autocast('cpu', dtype, enabled=enabled):
            # As a convolution gives them.
            probs = (logits.to(dtype) if enabled else logits).sigmoid()
            preds = head(feats, probs, labels)
            result = head.loss_and_target(
                preds, probs, sampling, gt, [None], cfg
            )
        loss = result['loss_mask_iou']['loss_mask_iou']
        assert loss.dtype == torch.float32
        assert result['mask_iou_targets'].dtype == torch.float32
        assert preds.dtype == (dtype if enabled else torch.float32)
        head.zero_grad()
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in head.parameters()])
        found.append((preds.float(), loss, gradient / gradient.norm()))
    for ours, expected in zip(found[1], found[0], strict=True):
        torch.testing.assert_close(ours, expected, atol=tolerance, rtol=0.02)


def test_targets_are_float32_whatever_the_masks_are():
    masks = ellipse_masks(4, 80, 90)
    boxes, inds = boxes_of(masks), torch.arange(4)
    probs = imperfect_probs(masks, boxes)
    expected = iou_target(probs, boxes, inds, torch.from_numpy(masks))
    for dtype in (torch.bfloat16, torch.float16):
        with torch.autocast('cpu', dtype):
            found = iou_target(
                probs.to(dtype), boxes, inds, torch.from_numpy(masks)
            )
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, atol=0.02, rtol=0)


def test_metric_names_predictions_that_are_no_numbers():
    metric = MaskScoringMetric(ann_file=None)
    metric.dataset_meta = dict(classes=('a',))
    pred = dict(
        bboxes=torch.zeros(1, 4),
        labels=torch.zeros(1, dtype=torch.long),
        scores=torch.ones(1),
        masks=torch.ones(1, 8, 8, dtype=torch.bool),
        mask_ious=torch.tensor([float('nan')]),
        mask_scores=torch.tensor([float('nan')]),
    )
    sample = dict(img_id=17, ori_shape=(8, 8), pred_instances=pred)
    sample['instances'] = []
    with pytest.raises(FloatingPointError) as error:
        metric.process({}, [sample])
    expected = 'Predicted mask_ious, mask_scores of the image with img_id=17'
    assert expected in str(error.value)


def test_features_that_are_no_numbers_are_named_while_training():
    model = build_model(small_config()).train()
    nn.init.constant_(model.neck.fpn_convs[0].conv.weight, float('inf'))
    losses = values(losses_of(model, collate(scene())))
    wrong = [name for name, v in losses.items() if not np.isfinite(v)]
    # What FiniteLossHook then names.
    assert wrong


def test_masks_that_are_no_numbers_do_not_train():
    masks = ellipse_masks(1, 80, 90)
    probs = torch.full((1, 28, 28), float('nan'))
    gt = pack_gt_masks(BitmapMasks(masks, 80, 90), 'cpu')
    target = mask_iou_target(probs, boxes_of(masks), torch.tensor([0]), gt)
    assert target.tolist() == [0]
