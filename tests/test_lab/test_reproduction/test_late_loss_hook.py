"""A MaskIoU loss that starts late."""

from types import SimpleNamespace

import pytest
from mmengine.model import MMDistributedDataParallel
from torch import nn

from mmdet_msrcnn.lab.reproduction.late_loss_hook import LateLossHook
from mmdet_msrcnn.models import MaskIoULoss
from mmdet_msrcnn.registry import HOOKS

PATH = 'mmdet_msrcnn.lab.reproduction.late_loss_hook.LateLossHook'


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.roi_head = nn.Module()
        self.roi_head.mask_iou_head = nn.Module()
        self.roi_head.mask_iou_head.loss_iou = MaskIoULoss(loss_weight=0.7)


def wrapped(model):
    wrapper = MMDistributedDataParallel.__new__(MMDistributedDataParallel)
    nn.Module.__init__(wrapper)
    wrapper.module = model
    return wrapper


@pytest.mark.parametrize('wrap', [lambda model: model, wrapped])
@pytest.mark.parametrize('first', [0, 3])
def test_the_weight_is_0_until_the_epoch_also_after_a_resume(wrap, first):
    model = Model()
    runner = SimpleNamespace(model=wrap(model), epoch=first)
    hook = HOOKS.build(dict(type=PATH, begin=2))
    assert isinstance(hook, LateLossHook)
    hook.before_train(runner)
    weights = []
    for runner.epoch in range(first, 5):
        hook.before_train_epoch(runner)
        weights.append(model.roi_head.mask_iou_head.loss_iou.loss_weight)
    assert weights == [0.0, 0.0, 0.7, 0.7, 0.7][first:]
