"""Checkpoints that a frozen detector refuses."""

import pytest
from mmengine.runner import load_checkpoint

from tests.helpers import collate, losses_of, scene
from tests.test_models.test_detectors.any_models import (
    save,
)


def test_checkpoint_of_another_model_is_an_error(detector, build, tmp_path):
    state = dict(detector.state_dict())
    del state['rpn_head.rpn_cls.weight']
    path = save(tmp_path / 'other.pth', state_dict=state)
    match = 'differ in 1 tensors. For example, detector.rpn_head.rpn_cls'
    with pytest.raises(ValueError, match=match):
        load_checkpoint(build(), path, map_location='cpu')


def test_training_without_a_checkpoint_is_an_error(build):
    with pytest.raises(RuntimeError, match='Set load_from'):
        losses_of(build().train(), collate(scene()))


def test_only_the_scorer_is_trained(build):
    model = build().train()
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    assert trained
    assert all(name.startswith('mask_iou_head.') for name in trained)
    modes = {name for name, m in model.named_modules() if m.training}
    assert modes
    assert all(name.startswith('mask_iou_head') for name in modes)
    assert model.scorer is model.mask_iou_head
    assert not any(m.training for m in model.eval().modules())
