"""Masks of classes that compete with each other and the background."""

import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch.nn import functional as F

from mmdet_msrcnn.models import MultinomialMaskHead
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


def test_scores_are_relative_to_the_background(head):
    # Two RoIs of a constant feature: the scores are those of the bias.
    probs = torch.tensor([0.2, 0.3, 0.1, 0.4])
    head.conv_logits.weight.data.zero_()
    head.conv_logits.bias.data = probs.log()
    found = head(torch.zeros(2, 4, 14, 14))
    assert found.shape == (2, 4, 28, 28)
    # Shares of a class in that of the class and the background.
    shares = torch.tensor([0.2 / 0.6, 0.3 / 0.7, 0.1 / 0.5, 0.5])
    assert torch.allclose(found.sigmoid()[0, :, 3, 5], shares)
    assert torch.allclose(found.softmax(1)[1, :, 9, 9], probs)
    assert head.half()(torch.zeros(1, 4, 14, 14).half()).dtype == torch.float32


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


def test_pixels_of_the_class_rather_than_background_are_pasted(head):
    # Class 1 and the background: 0.3 and 0.05 on the left, 0.2 and 0.4 on the
    # right. Another class has more than both on the left.
    probs = torch.zeros(1, 4, 28, 28)
    left = torch.tensor([0.6, 0.3, 0.05, 0.05])[:, None, None]
    right = torch.tensor([0.2, 0.2, 0.2, 0.4])[:, None, None]
    probs[..., :14], probs[..., 14:] = left, right
    results = InstanceData(
        bboxes=torch.tensor([[0.0, 0, 56, 28]]), labels=torch.tensor([1])
    )
    scores = probs.log()
    (found,) = head.predict_by_feat(
        [scores - scores[:, -1:]],
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
