"""A scorer of a cascade reads the mean mask of its stages."""

import pytest
import torch
from mmdet.models.roi_heads.mask_heads.fcn_mask_head import _do_paste_mask

from tests.frameworks import cascade_config
from tests.helpers import build_model, collate, losses_of, scene


class Seen:
    """What the stages of a model give, and what its MaskIoU head takes."""

    def __init__(self, model) -> None:
        roi_head = model.roi_head
        self.logits, self.feats = {}, {}
        for stage, head in enumerate(roi_head.mask_head):
            # Masks far from one half, where means of logits differ.
            torch.nn.init.normal_(head.conv_logits.weight, std=30)
            head.register_forward_hook(self.keep(self.logits, stage))
        for stage, extractor in enumerate(roi_head.mask_roi_extractor):
            extractor.register_forward_hook(self.keep(self.feats, stage))
        roi_head.mask_iou_head.register_forward_pre_hook(self.keep_inputs)

    def keep(self, outputs: dict, stage: int):
        def hook(module, args, out):
            outputs[stage] = out

        return hook

    def keep_inputs(self, module, args) -> None:
        self.inputs = args

    def mean(self) -> torch.Tensor:
        """The mean of probabilities by hand, of the last calls."""
        first, second, third = (self.logits[i].sigmoid() for i in range(3))
        mean = (first + second + third) / 3
        of_logits = sum(self.logits.values()).div(3).sigmoid()
        for other in (first, second, third, of_logits):
            assert (other - mean).abs().mean() > 0.01
        return mean


@pytest.fixture
def watched():
    model = build_model(cascade_config())
    return model, Seen(model)


def assert_head_saw_the_mean(seen):
    feats, probs, labels, _ = seen.inputs
    mean = seen.mean()
    assert len(labels) == len(mean) > 0
    expected = mean[torch.arange(len(labels)), labels]
    torch.testing.assert_close(probs[:, 0], expected)
    # Those of other stages have the same values, until they are configured.
    assert feats is seen.feats[2]


def test_head_sees_the_mean_mask_that_is_pasted(watched):
    model, seen = watched
    (result,) = model.eval().test_step(collate(scene(seed=1)))
    assert_head_saw_the_mean(seen)
    pred = result.pred_instances
    mean = seen.mean()[torch.arange(len(pred)), pred.labels]
    pasted, _ = _do_paste_mask(
        mean[:, None], pred.bboxes, 64, 96, skip_empty=False
    )
    assert torch.equal(pred.masks, pasted >= 0.5)


def test_head_is_trained_on_the_mean_mask(watched):
    model, seen = watched
    losses = losses_of(model.train(), collate(scene(seed=1), scene(seed=2)))
    assert_head_saw_the_mean(seen)
    # Its gradient reaches the masks of all stages.
    losses['s2.loss_mask_iou'].backward()
    for head in model.roi_head.mask_head:
        assert head.conv_logits.weight.grad.abs().sum() > 0


def test_tensor_mode_returns_four_tensors(watched):
    model, seen = watched
    model.eval()
    data = model.data_preprocessor(collate(scene(seed=1), scene(seed=2)))
    (roi_outputs,) = model(**data, mode='tensor')
    cls_score, bbox_pred, mask_preds, mask_iou_preds = roi_outputs
    assert len(cls_score) == len(bbox_pred) == len(mask_preds)
    assert mask_preds.shape[1:] == (3, 28, 28)
    assert mask_iou_preds.shape == (len(mask_preds), 3)
    torch.testing.assert_close(mask_preds, seen.mean())
    assert_head_saw_the_mean(seen)
