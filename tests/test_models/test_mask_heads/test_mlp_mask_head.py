"""Masks from fully connected layers."""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch.nn import functional as F

from mmdet_msrcnn.models import FCNMaskHead, MLPMaskHead
from tests.helpers import boxes_of, ellipse_masks, sampling_result

SMALL = dict(in_channels=4, roi_feat_size=6, fc_out_channels=8, num_classes=3)


def build(**kwargs) -> MLPMaskHead:
    init_default_scope('mmdet')
    torch.manual_seed(0)
    head = MLPMaskHead(**(SMALL | kwargs))
    head.init_weights()
    return head


def test_layers_of_the_paper():
    init_default_scope('mmdet')
    for num_fcs, width in ((2, 1024), (3, 1024)):
        head = MLPMaskHead(num_fcs=num_fcs, num_classes=80)
        shapes = [tuple(fc.weight.shape) for fc in head.fcs]
        hidden = [(1024, width)] * (num_fcs - 1)
        assert shapes == [(1024, 256 * 14 * 14), *hidden]
        assert head.fc_logits.weight.shape == (80 * 28 * 28, 1024)
        assert {n.split('.')[0] for n in head.state_dict()} == {
            'fcs',
            'fc_logits',
        }


def test_forward_by_hand():
    """Pixels of a class are next to each other in the last layer."""
    head = build(num_fcs=2)
    x = torch.randn(5, 4, 6, 6)
    (first, second), last = head.fcs, head.fc_logits
    hidden = F.relu(F.linear(x.reshape(5, -1), first.weight, first.bias))
    hidden = F.relu(F.linear(hidden, second.weight, second.bias))
    found = head(x)
    assert found.shape == (5, 3, 28, 28)
    row = (1 * 28 + 4) * 28 + 9
    expected = hidden @ last.weight[row] + last.bias[row]
    assert torch.allclose(found[:, 1, 4, 9], expected, atol=1e-6)


@pytest.mark.parametrize('class_agnostic', [False, True])
def test_loss_and_masks_are_those_of_the_fcn(class_agnostic):
    head = build(class_agnostic=class_agnostic, mask_size=14)
    torch.nn.init.normal_(head.fc_logits.weight)
    fcn = FCNMaskHead(num_classes=3, class_agnostic=class_agnostic)
    masks = ellipse_masks(4, 60, 90)
    boxes, labels = boxes_of(masks), torch.tensor([0, 2, 1, 2])
    gt = InstanceData(masks=BitmapMasks(masks, 60, 90))
    sampling = [sampling_result(boxes, torch.arange(4), labels)]
    preds = head(torch.randn(4, 4, 6, 6))
    assert preds.shape == (4, 1 if class_agnostic else 3, 14, 14)
    found, expected = (
        one.loss_and_target(preds, sampling, [gt], ConfigDict(mask_size=14))
        for one in (head, fcn)
    )
    loss = found['loss_mask']['loss_mask']
    assert torch.equal(loss, expected['loss_mask']['loss_mask'])
    loss.backward()
    assert all(p.grad.any() for p in head.parameters())
    pasted = []
    for one in (head, fcn):
        results = InstanceData(bboxes=boxes.clone(), labels=labels)
        meta = dict(ori_shape=(60, 90), scale_factor=(1.0, 1.0))
        cfg = ConfigDict(mask_thr_binary=0.5)
        (own,) = one.predict_by_feat([preds.detach()], [results], [meta], cfg)
        pasted.append(own.masks)
    assert pasted[0].any()
    assert torch.equal(*pasted)


def test_no_rois():
    head = build()
    preds = head(torch.zeros(0, 4, 6, 6))
    assert preds.shape == (0, 3, 28, 28)


def test_weights_are_initialized_and_masks_start_undecided():
    head = build()
    assert not any(fc.bias.any() for fc in (*head.fcs, head.fc_logits))
    std = head.fc_logits.weight.std().item()
    assert std == pytest.approx(0.001, rel=0.1)
    bound = (6 / (4 * 6 * 6 + 8)) ** 0.5
    largest = head.fcs[0].weight.abs().max().item()
    assert largest == pytest.approx(bound, rel=0.05)


def test_no_hidden_layer_is_an_error():
    with pytest.raises(ValueError, match='num_fcs must be >= 1, got 0'):
        MLPMaskHead(num_fcs=0)
