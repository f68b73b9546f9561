"""The RoI head inside a whole detector."""

import pytest
import torch

from mmdet_msrcnn.models import (
    MaskIoUHead,
    MaskIoULoss,
    MaskScoringRoIHead,
)
from tests.calls import record_calls
from tests.helpers import (
    MASK_RCNN,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)


@pytest.fixture(scope='module')
def model():
    return build_model(small_config()).eval()


def test_config_builds_our_types(model):
    assert type(model.roi_head) is MaskScoringRoIHead
    assert type(model.roi_head.mask_iou_head) is MaskIoUHead
    assert type(model.roi_head.mask_iou_head.loss_iou) is MaskIoULoss


def test_every_parameter_trains():
    model = build_model(small_config()).train()
    losses = losses_of(model, collate(scene(seed=1), scene(seed=2)))
    loss, log = model.parse_losses(losses)
    loss.backward()
    assert all(torch.isfinite(value).all() for value in log.values())
    assert log['loss_mask_iou'] > 0
    without = [n for n, p in model.named_parameters() if p.grad is None]
    assert not without


def test_the_mask_iou_loss_trains_the_mask_head():
    model = build_model(small_config()).train()
    losses = losses_of(model, collate(scene(seed=1), scene(seed=2)))
    losses['loss_mask_iou'].backward()
    assert model.roi_head.mask_head.conv_logits.weight.grad.abs().sum() > 0
    for head in (model.roi_head.bbox_head, model.rpn_head):
        assert all(p.grad is None for p in head.parameters())


def test_statistics_of_targets_do_not_enter_the_loss():
    model = build_model(small_config()).train()
    losses = losses_of(model, collate(scene(seed=1)))
    assert losses['mask_iou_samples'] > 0
    loss, _ = model.parse_losses(losses)
    terms = [
        sum(v) if isinstance(v, list) else v
        for k, v in losses.items()
        if k.startswith('loss')
    ]
    torch.testing.assert_close(loss, sum(terms).squeeze())


def test_losses_of_the_twin_are_unchanged():
    ours = build_model(small_config()).train()
    twin = build_model(small_config(MASK_RCNN)).train()
    twin.load_state_dict(ours.state_dict(), strict=False)
    all_losses = []
    for model in (ours, twin):
        torch.manual_seed(0)
        all_losses.append(losses_of(model, collate(scene(seed=1))))
    for name, value in all_losses[1].items():
        value, other = (
            torch.stack(v) if isinstance(v, list) else v
            for v in (value, all_losses[0][name])
        )
        torch.testing.assert_close(other, value, rtol=0, atol=0)


def test_the_scorer_alone_runs_no_other_loss(monkeypatch):
    """What a frozen detector does not use is not computed."""
    model = build_model(small_config()).train()
    data = collate(scene(seed=1), scene(seed=2))
    data = model.data_preprocessor(data, training=True)
    x = model.extract_feat(data['inputs'])
    proposals = model.rpn_head.predict(x, data['data_samples'])
    head = model.roi_head
    called = record_calls(
        monkeypatch,
        (head, '_bbox_forward'),
        (head.bbox_head, 'loss_and_target'),
        (head.mask_head, 'get_targets'),
        (head.mask_head, 'loss_and_target'),
        (head.mask_iou_head, 'loss_and_target'),
    )
    head.scorer_loss(x, proposals, data['data_samples'])
    assert called == ['loss_and_target']
    head.loss(x, proposals, data['data_samples'])
    assert len(called) == 1 + 5


def test_mask_scores_are_products(model):
    for result in model.test_step(collate(scene(seed=1), scene(seed=2))):
        pred = result.pred_instances
        assert len(pred) > 0
        assert pred.mask_ious.min() >= 0
        assert pred.mask_ious.max() <= 1
        assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)


def test_own_roi_extractor_serves_the_mask_iou_head():
    cfg = small_config()
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head.update(fusion='hr_roi', roi_feat_size=28)
    roi_head.mask_iou_roi_extractor = dict(
        type='SingleRoIExtractor',
        roi_layer=dict(type='RoIAlign', output_size=28, sampling_ratio=0),
        out_channels=16,
        featmap_strides=[4, 8, 16, 32],
    )
    model = build_model(cfg).eval()
    sizes = []
    model.roi_head.mask_iou_head.convs[0].register_forward_hook(
        lambda module, args, out: sizes.append(args[0].shape[1:])
    )
    (result,) = model.test_step(collate(scene(seed=1)))
    assert len(result.pred_instances) > 0
    assert sizes == [(17, 28, 28)]


def test_soft_masks_have_the_scores_of_binary_ones():
    predictions = []
    for mask_thr in (0.5, -1):
        cfg = small_config()
        cfg.model.test_cfg.rcnn.mask_thr_binary = mask_thr
        model = build_model(cfg).eval()
        (sample,) = model.test_step(collate(scene(seed=1)))
        predictions.append(sample.pred_instances)
    binary, soft = predictions
    assert soft.masks.dtype == torch.uint8
    assert len(soft.masks.unique()) > 2
    assert torch.equal(soft.mask_scores, binary.mask_scores)
    assert torch.equal(soft.bboxes, binary.bboxes)
