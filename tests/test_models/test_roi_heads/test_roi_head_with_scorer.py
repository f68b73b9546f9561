"""The scorer is built and initialized apart from the detector."""

import pytest
import torch

from tests.helpers import MASK_RCNN, MS_RCNN, PLUS, build_model, small_config


def test_the_scorer_is_initialized_once():
    model = build_model(small_config(MS_RCNN))
    head = model.roi_head.mask_iou_head
    # By its init_cfg, not torch's
    assert head.fc_mask_iou.weight.std() < 0.02
    assert (head.fc_mask_iou.bias == 0).all()
    before = head.fc_mask_iou.weight.clone()
    model.roi_head.init_weights()
    assert torch.equal(head.fc_mask_iou.weight, before)


@pytest.mark.parametrize('config', [MS_RCNN, PLUS])
def test_the_detector_starts_as_mask_rcnn(config):
    twin = build_model(small_config(MASK_RCNN)).state_dict()
    expected = torch.rand(1)
    model = build_model(small_config(config))
    assert torch.equal(torch.rand(1), expected)
    state = model.state_dict()
    assert all(torch.equal(state[n], value) for n, value in twin.items())
    assert {*state} - {*twin} == {n for n in state if 'mask_iou_head' in n}


def test_a_pretrained_roi_head_keeps_its_scorer(tmp_path):
    cfg = small_config(MS_RCNN)
    roi_head = build_model(cfg).roi_head
    for parameter in roi_head.parameters():
        torch.nn.init.constant_(parameter, 7.0)
    path = tmp_path / 'roi_head.pth'
    torch.save(roi_head.state_dict(), path)
    cfg.model.roi_head.init_cfg = dict(type='Pretrained', checkpoint=str(path))
    found = build_model(cfg).roi_head
    assert all((p == 7).all() for p in found.parameters())
