"""Mask scoring added to a detector that stays as it is."""

import pytest
import torch
from mmdet.models.roi_heads import StandardRoIHead
from mmengine.runner import load_checkpoint
from torch import nn

from mmdet_msrcnn.models import FrozenTwoStageDetector
from tests.helpers import (
    MASK_RCNN,
    MS_RCNN,
    PLUS,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)

BATCH = (1, 2)


def frozen_config():
    cfg = small_config()
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    # running statistics that training would change
    cfg.model.backbone.norm_eval = False
    return cfg


@pytest.fixture(scope='module')
def mask_rcnn():
    return build_model(small_config(MASK_RCNN)).eval()


@pytest.fixture
def model(mask_rcnn, tmp_path):
    path = tmp_path / 'mask_rcnn.pth'
    torch.save(dict(state_dict=mask_rcnn.state_dict()), path)
    model = build_model(frozen_config())
    load_checkpoint(model, str(path), map_location='cpu')
    return model


def batch():
    return collate(*(scene(seed=seed) for seed in BATCH))


def test_the_mask_iou_head_alone_trains(model, mask_rcnn):
    assert type(model) is FrozenTwoStageDetector
    head = model.roi_head.mask_iou_head
    before = [p.clone() for p in head.parameters()]
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=1.0
    )
    losses = losses_of(model.train(), batch())
    loss, log = model.parse_losses(losses)
    assert set(log) == {
        'loss',
        'loss_mask_iou',
        'mask_iou_target',
        'mask_iou_samples',
    }
    loss.backward()
    optimizer.step()
    for p, old in zip(head.parameters(), before, strict=True):
        assert not torch.equal(p, old)
    for name, value in mask_rcnn.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_detections_stay_those_of_the_checkpoint(model, mask_rcnn):
    losses_of(model.train(), batch())
    results = model.eval().test_step(batch())
    for ours, theirs in zip(
        results, mask_rcnn.test_step(batch()), strict=True
    ):
        assert len(ours.pred_instances) > 0
        for name, value in theirs.pred_instances.items():
            assert torch.equal(ours.pred_instances[name], value), name


def test_detector_stays_in_eval_mode(model):
    training = {n for n, m in model.train().named_modules() if m.training}
    assert training
    assert all('mask_iou_head' in name for name in training)
    assert not any(m.training for m in model.eval().modules())


def test_no_gradient_runs_through_the_detector(model):
    seen = []
    model.roi_head.mask_iou_head.register_forward_hook(
        lambda module, args, out: seen.extend(args)
    )
    losses_of(model.train(), batch())
    feats, probs, labels, context = seen
    assert not (feats.requires_grad or probs.requires_grad)
    assert context is None


# Config of the proposals in training, how many an image has at most.
@pytest.mark.parametrize(('in_training', 'limit'), [(True, 7), (False, 9)])
@pytest.mark.parametrize('config', [MS_RCNN, PLUS])
def test_proposals_are_those_of_training(config, in_training, limit):
    cfg = small_config(config)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    cfg.model.test_cfg.rpn.max_per_img = 9
    if in_training:
        cfg.model.train_cfg.rpn_proposal.max_per_img = 7
    else:
        del cfg.model.train_cfg['rpn_proposal']
    model = build_model(cfg).train()
    model.load_state_dict(model.state_dict())
    seen = []
    scorer_loss = model.roi_head.scorer_loss

    def keep(x, proposals, samples):
        seen.extend(len(found) for found in proposals)
        return scorer_loss(x, proposals, samples)

    model.roi_head.scorer_loss = keep
    losses_of(model, batch())
    assert seen == [limit, limit]


def test_training_without_a_checkpoint_is_an_error():
    model = build_model(frozen_config()).train()
    with pytest.raises(RuntimeError, match='Set load_from .* in the config'):
        losses_of(model, batch())


def lose_a_tensor(state):
    del state['rpn_head.rpn_cls.weight']


def change_the_classes(state):
    key = 'roi_head.bbox_head.fc_cls.weight'
    state[key] = state[key][:-1]


def deepen_the_backbone(state):
    key = 'backbone.layer3.1.conv1.weight'
    state[key.replace('.1.', '.2.', 1)] = state[key]


@pytest.mark.parametrize(
    'spoil', [lose_a_tensor, change_the_classes, deepen_the_backbone]
)
def test_checkpoint_of_another_model_is_an_error(mask_rcnn, spoil):
    state = dict(mask_rcnn.state_dict())
    spoil(state)
    model = build_model(frozen_config())
    with pytest.raises(
        ValueError, match='frozen detector differ in 1 tensors'
    ):
        model.load_state_dict(state, strict=False)


def test_roi_head_without_mask_iou_head_is_an_error():
    cfg = small_config(MASK_RCNN)
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    with pytest.raises(TypeError, match='StandardRoIHead, which has no'):
        build_model(cfg)


class PlainRoIHead(StandardRoIHead):
    """A RoI head of a user's own, without our base."""

    def __init__(self, mask_iou_head, **kwargs):
        super().__init__(**kwargs)
        self.mask_iou_head = nn.Linear(1, 1)

    def loss(self, x, proposals, samples):
        loss = self.mask_iou_head.weight.sum()
        return dict(loss_mask=loss * 0, loss_mask_iou=loss)


def test_a_roi_head_of_the_users_own_is_trained():
    cfg = small_config()
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    cfg.model.roi_head.type = PlainRoIHead
    model = build_model(cfg)
    model.load_state_dict(model.state_dict())
    losses = losses_of(model.train(), batch())
    assert list(losses) == ['loss_mask_iou']
    losses['loss_mask_iou'].backward()
    assert model.roi_head.mask_iou_head.weight.grad is not None
