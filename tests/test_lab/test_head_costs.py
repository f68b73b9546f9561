"""Parameters and multiply-accumulates of the heads, per RoI."""

import pytest
import torch
from torch import nn

from mmdet_msrcnn.lab.head_costs import cost, head_costs, head_gmacs
from tests.helpers import MASK_RCNN, MS_RCNN, PLUS, build_model, small_config

# Worked by hand for 16 channels, 3 classes and fully connected layers of 32:
# 3x3 convolutions on 14x14, a deconvolution to 28x28, the last convolution of
# the MaskIoU head with stride 2.
CONV = 16 * 16 * 9 * 14 * 14
MASK_HEAD = 4 * CONV + 16 * 16 * 4 * 14 * 14 + 16 * 3 * 28 * 28
MASK_CHANNEL = 16 * 9 * 14 * 14
FCS = 16 * 49 * 32 + 32 * 32 + 32 * 3
MASK_IOU_HEAD = 3 * CONV + MASK_CHANNEL + CONV // 4 + FCS


def test_cost_of_layers_by_hand():
    conv = nn.Conv2d(3, 8, 3, padding=1)
    found = cost(conv, torch.randn(1, 3, 5, 7))
    assert found['parameters'] == 3 * 8 * 9 + 8
    assert found['gmac'] == pytest.approx(3 * 8 * 9 * 35 / 1e9)
    # Layers that are used twice count once and twice.
    linear = nn.Linear(4, 4)
    found = cost(nn.Sequential(linear, nn.ReLU(), linear), torch.randn(1, 4))
    assert found == dict(parameters=20, gmac=pytest.approx(32e-9))


def test_heads_of_a_config_by_hand():
    costs = head_costs(small_config().model.roi_head)
    gmacs = {name: value['gmac'] * 1e9 for name, value in costs.items()}
    assert gmacs == pytest.approx(
        dict(mask_head=MASK_HEAD, mask_iou_head=MASK_IOU_HEAD)
    )


@pytest.mark.parametrize('config', [MASK_RCNN, MS_RCNN, PLUS])
def test_parameters_are_those_of_the_detector(config):
    cfg = small_config(config)
    roi_head = build_model(cfg).roi_head
    expected = {
        name: sum(p.numel() for p in getattr(roi_head, name).parameters())
        for name in ('mask_head', 'mask_iou_head')
        if hasattr(roi_head, name)
    }
    costs = head_costs(cfg.model.roi_head)
    assert {k: v['parameters'] for k, v in costs.items()} == expected
    assert len(expected) == 1 + (config != MASK_RCNN)


def test_names_of_the_figures_of_a_run():
    assert head_gmacs(small_config().model) == {
        'mask_head_gmac': pytest.approx(MASK_HEAD / 1e9),
        'mask_iou_head_gmac': pytest.approx(MASK_IOU_HEAD / 1e9),
    }
