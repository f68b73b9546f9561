"""RoI heads of one stage, without post-processing."""

import pytest
import torch
from mmengine.structures import InstanceData

from tests.helpers import (
    PLUS,
    build_model,
    collate,
    scene,
    small_config,
)


@pytest.fixture(scope='module')
def plus():
    return build_model(small_config(PLUS)).eval()


def batch():
    return collate(scene(seed=1), scene(seed=2))


@pytest.fixture(scope='module')
def model():
    return build_model(small_config()).eval()


def test_tensor_mode_returns_four_tensors(model):
    data = model.data_preprocessor(collate(scene(seed=1)))
    (roi_outputs,) = model(**data, mode='tensor')
    _, _, mask_preds, mask_iou_preds = roi_outputs
    assert mask_preds.shape[1:] == (3, 28, 28)
    assert mask_iou_preds.shape == (len(mask_preds), 3)


def test_tensor_mode_keeps_images_apart(plus):
    seen = []
    head = plus.eval().roi_head.mask_iou_head
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    for scenes in (batch(), collate(scene(seed=1))):
        data = plus.data_preprocessor(scenes)
        plus(**data, mode='tensor')
    handle.remove()
    together, alone = (args[3] for args in seen)
    num = min(len(together), len(alone))
    assert num > 20
    torch.testing.assert_close(together[:num], alone[:num])


def test_tensor_mode_gives_probabilities_as_context(plus):
    seen = []
    head = plus.eval().roi_head.mask_iou_head
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    data = plus.data_preprocessor(collate(scene(seed=1)))
    ((cls_score, *_),) = plus(**data, mode='tensor')
    handle.remove()
    ((_, _, labels, context),) = seen
    odds = cls_score[: len(labels)].double().exp()
    odds = odds[torch.arange(len(labels)), labels] / odds.sum(1)
    expected = (odds / (1 - odds)).log().float()
    torch.testing.assert_close(context[:, 0], expected, atol=1e-4, rtol=1e-4)


def test_tensor_mode_scores_the_first_100_rois(model):
    x = [torch.rand(1, 16, 64 // 2**i, 96 // 2**i) for i in range(4)]
    boxes = torch.tensor([[1.0, 2, 30, 40]]).repeat(120, 1)
    found = model.roi_head.forward(x, [InstanceData(bboxes=boxes)])
    assert [len(value) for value in found] == [120, 120, 100, 100]
