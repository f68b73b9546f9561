"""The RoI head inside a whole detector."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmdet_msrcnn.models import (
    MaskIoUHead,
    MaskIoULoss,
    MaskScoringRoIHead,
)
from tests.helpers import (
    MASK_RCNN,
    ROOT,
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


def test_mask_scores_are_products(model):
    for result in model.test_step(collate(scene(seed=1), scene(seed=2))):
        pred = result.pred_instances
        assert len(pred) > 0
        assert pred.mask_ious.min() >= 0
        assert pred.mask_ious.max() <= 1
        assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)


def test_tensor_mode_returns_four_tensors(model):
    data = model.data_preprocessor(collate(scene(seed=1)))
    (roi_outputs,) = model(**data, mode='tensor')
    _, _, mask_preds, mask_iou_preds = roi_outputs
    assert mask_preds.shape[1:] == (3, 28, 28)
    assert mask_iou_preds.shape == (len(mask_preds), 3)


def test_missing_mask_threshold_is_named():
    cfg = small_config()
    del cfg.model.train_cfg.rcnn['mask_thr_binary']
    with pytest.raises(ValueError, match='train_cfg.rcnn.mask_thr_binary'):
        build_model(cfg)


def test_logit_threshold_is_refused():
    cfg = small_config()
    cfg.model.train_cfg.rcnn.mask_thr_binary = 0
    with pytest.raises(ValueError, match=r'probability in \(0, 1\), got 0'):
        build_model(cfg)


def test_roi_features_that_do_not_fit_are_named():
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.roi_feat_size = 28
    message = 'roi_feat_size=28, but its RoI features have 16 .* size 14'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_hr_roi_without_features_of_the_masks_size_is_named():
    cfg = small_config()
    cfg.model.roi_head.mask_iou_head.fusion = 'hr_roi'
    message = 'of the size of the mask, 28, but they have size 14'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_a_mask_that_does_not_pool_evenly_is_named():
    cfg = small_config()
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head.roi_feat_size = 12
    roi_head.mask_roi_extractor.roi_layer.output_size = 12
    message = '28x28, must be a multiple of .* 12x12'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


def test_channels_of_a_shared_head_are_named():
    cfg = Config.fromfile(ROOT / 'configs/ms_rcnn/ms-rcnn_r101-c4_18e_coco.py')
    cfg.model.roi_head.mask_iou_head.in_channels = 256
    roi_head = cfg.model.roi_head
    roi_head.update(
        train_cfg=cfg.model.train_cfg.rcnn, test_cfg=cfg.model.test_cfg.rcnn
    )
    init_default_scope('mmdet')
    with pytest.raises(ValueError, match='in_channels=256 .* 2048 channels'):
        MODELS.build(roi_head)


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


def test_all_masks_of_a_class_agnostic_mask_head_are_refused():
    cfg = small_config()
    cfg.model.roi_head.mask_head.class_agnostic = True
    cfg.model.roi_head.mask_iou_head.fusion = 'all_masks'
    with pytest.raises(ValueError, match='mask per class, but mask_head has'):
        build_model(cfg)


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
