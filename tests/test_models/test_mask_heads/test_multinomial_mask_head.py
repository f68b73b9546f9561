"""Masks of classes that compete with each other and the background."""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch.nn import functional as F

from mmdet_msrcnn.models import MultinomialMaskHead
from mmdet_msrcnn.models.mask_heads.multinomial_mask_head import softmax_logits
from mmdet_msrcnn.models.targets.gt_masks import packed_masks
from mmdet_msrcnn.models.targets.mask_target import mask_targets
from tests.helpers import (
    boxes_of,
    ellipse_masks,
    sampling_result,
)

SMALL = dict(num_convs=1, in_channels=4, conv_out_channels=4, num_classes=3)


@pytest.fixture
def head():
    init_default_scope('mmdet')
    torch.manual_seed(0)
    head = MultinomialMaskHead(**SMALL)
    head.init_weights()
    return head


@pytest.mark.parametrize('scale', [1.0, 10.0])
def test_the_sigmoid_is_the_softmax(scale):
    scores = torch.randn(6, 5, 7, 7) * scale
    found = softmax_logits(scores).sigmoid()
    assert torch.allclose(found, scores.softmax(1), atol=1e-6)


def test_logits_by_hand():
    probs = torch.tensor([[0.7, 0.2, 0.1]])
    expected = torch.tensor([[7 / 3, 1 / 4, 1 / 9]]).log()
    assert torch.allclose(softmax_logits(probs.log()), expected)


def test_large_scores_stay_finite_and_exact():
    scores = torch.tensor([[300.0, 0, -300], [5, 5, 5], [-90, 60, 60]])
    scores.requires_grad_()
    logits = softmax_logits(scores)
    expected = [
        [300, -300, -600],
        [-0.6931472] * 3,
        [-150 - 0.6931472, 0, 0],
    ]
    assert torch.allclose(logits, torch.tensor(expected), atol=1e-5)
    logits.sum().backward()
    assert scores.grad.isfinite().all()


def test_gradient_of_the_logits():
    torch.manual_seed(0)
    scores = torch.randn(3, 4, 2, requires_grad=True)
    weights = torch.randn(3, 4, 2)
    (softmax_logits(scores) * weights).sum().backward()
    double = scores.detach().double().requires_grad_()
    (double.softmax(1).logit() * weights).sum().backward()
    assert torch.allclose(scores.grad.double(), double.grad, atol=1e-5)


def test_half_precision_is_computed_in_single():
    logits = softmax_logits(torch.tensor([[60.0, 0, -60]]).half())
    assert logits.dtype == torch.float32
    assert logits.tolist() == [[60, -60, -120]]


def test_loss_is_cross_entropy_of_the_pixels(head):
    masks = ellipse_masks(4, 60, 90)
    inds, labels = torch.arange(4), torch.tensor([0, 2, 1, 2])
    boxes = boxes_of(masks)
    gt = InstanceData(masks=BitmapMasks(masks, 60, 90))
    sampling = [sampling_result(boxes, inds, labels)]
    feats = torch.randn(4, 4, 14, 14)
    scores = []
    hook = head.conv_logits.register_forward_hook(
        lambda module, inputs, output: scores.append(output)
    )
    preds = head(feats)
    hook.remove()
    assert preds.shape == (4, 4, 28, 28)
    cfg = ConfigDict(mask_size=28)
    found = head.loss_and_target(preds, sampling, [gt], cfg)
    targets = mask_targets(packed_masks(gt, 'cpu'), boxes, inds, 28)
    own = labels[:, None, None].expand_as(targets)
    classes = torch.where(targets == 1, own, 3)
    expected = F.cross_entropy(scores[0], classes)
    loss = found['loss_mask']['loss_mask']
    assert torch.equal(found['mask_targets'], targets)
    assert torch.allclose(loss, expected)


def test_pixels_with_half_of_the_probability_are_pasted(head):
    # Class 1 has p = 0.7 in the left half and 0.4 in the right.
    probs = torch.full((1, 4, 28, 28), 0.1)
    probs[:, 1] = 0.7
    probs[..., 14:] = 0.2
    probs[:, 1, :, 14:] = 0.4
    results = InstanceData(
        bboxes=torch.tensor([[0.0, 0, 56, 28]]), labels=torch.tensor([1])
    )
    (found,) = head.predict_by_feat(
        [softmax_logits(probs.log())],
        [results],
        [dict(ori_shape=(28, 56), scale_factor=(1.0, 1.0))],
        ConfigDict(mask_thr_binary=0.5),
    )
    shares = found.masks[0].float().mean(0)
    assert shares[:26].all()
    assert not shares[30:].any()


def test_settings_that_do_not_fit_are_errors(head):
    with pytest.raises(ValueError, match='class_agnostic must be False'):
        MultinomialMaskHead(class_agnostic=True, **SMALL)
    other = dict(type='CrossEntropyLoss', use_mask=True)
    with pytest.raises(TypeError, match='MultinomialMaskLoss, got CrossEn'):
        MultinomialMaskHead(loss_mask=other, **SMALL)
