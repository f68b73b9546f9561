"""The rival that costs nothing."""

import pytest
import torch

from mmdet_msrcnn.models import MasknessHead
from tests.helpers import (
    MASK_RCNN,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)


def test_hand_worked_case():
    probs = torch.zeros(2, 3, 2, 2)
    probs[0, 1] = torch.tensor([[0.9, 0.7], [0.4, 0.5]])
    head = MasknessHead(num_classes=3)
    labels = torch.tensor([1, 2])
    maskness = head(torch.zeros(2, 256, 14, 14), probs, labels)
    # The second has no foreground.
    assert maskness.flatten().tolist() == pytest.approx([0.7, 0.0])


def test_cannot_train():
    cfg = small_config()
    head = cfg.model.roi_head.mask_iou_head
    cfg.model.roi_head.mask_iou_head = dict(
        type='mmdet_msrcnn.MasknessHead', in_channels=head.in_channels
    )
    with pytest.raises(RuntimeError, match='nothing to train'):
        losses_of(build_model(cfg).train(), collate(scene(seed=1)))


def test_scores_a_mask_rcnn_as_it_is():
    cfg = small_config()
    head = cfg.model.roi_head.mask_iou_head
    cfg.model.roi_head.mask_iou_head = dict(
        type='mmdet_msrcnn.MasknessHead', in_channels=head.in_channels
    )
    model = build_model(cfg).eval()
    twin = build_model(small_config(MASK_RCNN)).eval()
    assert not list(model.roi_head.mask_iou_head.parameters())
    model.load_state_dict(twin.state_dict(), strict=True)
    (result,) = model.test_step(collate(scene(seed=1)))
    pred = result.pred_instances
    assert len(pred) > 0
    assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)
    # The mean of probabilities from 0.5, or nothing.
    assert ((pred.mask_ious >= 0.5) | (pred.mask_ious == 0)).all()
