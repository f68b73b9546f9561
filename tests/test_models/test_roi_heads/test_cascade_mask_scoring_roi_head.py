"""Mask scoring on Cascade Mask R-CNN."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import CascadeMaskScoringRoIHead
from tests.calls import record_calls
from tests.frameworks import cascade_config
from tests.helpers import (
    build_model,
    collate,
    losses_of,
    scene,
)


@pytest.fixture(scope='module')
def model():
    return build_model(cascade_config()).eval()


def test_only_the_last_stage_scores_masks(model):
    assert type(model.roi_head) is CascadeMaskScoringRoIHead
    losses = losses_of(model.train(), collate(scene(seed=1), scene(seed=2)))
    model.eval()
    names = [name for name in losses if name.endswith('loss_mask_iou')]
    assert names == ['s2.loss_mask_iou']
    assert losses['s2.mask_iou_samples'] > 0


def test_losses_of_the_twin_are_unchanged(model):
    twin = build_model(cascade_config('cascade-mask-rcnn'))
    twin.load_state_dict(model.state_dict(), strict=False)
    all_losses = []
    for net in (model, twin):
        torch.manual_seed(0)
        all_losses.append(losses_of(net.train(), collate(scene(seed=1))))
        net.eval()
    ours, theirs = all_losses
    assert 's2.loss_mask' in theirs
    for name, value in theirs.items():
        if isinstance(value, list):
            value, ours[name] = torch.stack(value), torch.stack(ours[name])
        assert torch.equal(value, ours[name]), name


# one empty image in a batch; all empty
@pytest.mark.parametrize('seeds', [(1, 2), (1,)])
def test_no_detections(model, seeds):
    cfg = cascade_config()
    cfg.model.test_cfg.rcnn.score_thr = 1.1
    net = build_model(cfg).eval()
    for result in net.test_step(collate(*(scene(seed=s) for s in seeds))):
        pred = result.pred_instances
        assert len(pred) == 0
        assert pred.mask_scores.shape == pred.mask_ious.shape == (0,)


def test_no_positives(model):
    batch = collate(scene(0, seed=1))
    losses = losses_of(model.train(), batch)
    model.eval()
    assert losses['s2.loss_mask_iou'] == 0
    assert losses['s2.loss_mask_iou'].requires_grad


def test_the_scorer_alone_runs_no_mask_loss(model, monkeypatch):
    head = model.train().roi_head
    data = collate(scene(seed=1), scene(seed=2))
    data = model.data_preprocessor(data, training=True)
    x = model.extract_feat(data['inputs'])
    proposals = model.rpn_head.predict(x, data['data_samples'])
    called = record_calls(
        monkeypatch,
        *((part, 'loss_and_target') for part in head.bbox_head),
        *((part, 'get_targets') for part in head.mask_head),
        *((part, 'loss_and_target') for part in head.mask_head),
        (head.mask_iou_head, 'loss_and_target'),
    )
    head.scorer_loss(x, proposals, data['data_samples'])
    model.eval()
    # Two stages refine their boxes.
    assert called == ['loss_and_target'] * 3


def test_the_scorer_alone_does_without_boxes(model):
    head = model.train().roi_head
    data = model.data_preprocessor(collate(scene(0, seed=1)), training=True)
    x = model.extract_feat(data['inputs'])
    none = InstanceData(bboxes=torch.zeros(0, 4))
    losses = head.scorer_loss(x, [none], data['data_samples'])
    model.eval()
    assert losses['s2.loss_mask_iou'] == 0
    assert losses['s2.mask_iou_samples'] == 0


def test_heads_of_any_stage_have_to_agree_on_num_classes():
    cfg = cascade_config()
    cfg.model.roi_head.bbox_head[1].num_classes = 80
    with pytest.raises(ValueError, match=r"'bbox_head\[1\]': 80"):
        build_model(cfg)


def test_missing_mask_threshold_of_the_last_stage_is_named():
    cfg = cascade_config()
    del cfg.model.train_cfg.rcnn[-1]['mask_thr_binary']
    message = r'train_cfg.rcnn\[-1\].mask_thr_binary'
    with pytest.raises(ValueError, match=message):
        build_model(cfg)


@pytest.mark.parametrize('mask_grad', [0.0, 0.5, 1.0])
@pytest.mark.parametrize('grad', [False, True])
def test_earlier_masks_have_a_gradient_where_it_passes(mask_grad, grad):
    cfg = cascade_config()
    cfg.model.roi_head.mask_grad = mask_grad
    roi_head = build_model(cfg).train().roi_head
    x = [torch.rand(1, 16, 16, 16) for _ in range(4)]
    rois = torch.tensor([[0.0, 2.0, 3.0, 40.0, 50.0]])
    with torch.set_grad_enabled(grad):
        masks = roi_head._earlier_masks(2, x, rois)
    assert len(masks) == 2
    for mask in masks:
        assert mask.requires_grad == (grad and mask_grad > 0)
    assert all(part.training for part in roi_head.mask_head)
