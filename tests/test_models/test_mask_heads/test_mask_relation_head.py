"""The mask score head that sees all detections of an image."""

import copy

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import MaskRelationHead
from tests.helpers import PLUS, build_model, small_config
from tests.test_models.test_mask_heads.test_mask_score_head import detections

NUM = 12


def config(**changes):
    cfg = small_config(PLUS)
    cfg.model.roi_head.mask_iou_head.update(
        type='mmdet_msrcnn.MaskRelationHead', relation_channels=8, **changes
    )
    return cfg


@pytest.fixture(scope='module')
def head():
    torch.manual_seed(0)
    head = build_model(config(num_neighbors=4)).roi_head.mask_iou_head.eval()
    # Initialized, neighbours make no difference.
    torch.nn.init.normal_(head.fc_relation.weight)
    return head


@pytest.fixture(scope='module')
def inputs():
    dets, probs, _ = detections()
    dets.labels = torch.arange(NUM) % 3
    torch.manual_seed(0)
    return dets, torch.rand(NUM, 16, 14, 14), probs[:, None]


def predict(head, *images):
    """Predict for the detections of some images in one batch."""
    dets, feats, probs = zip(*images, strict=True)
    return head(
        torch.cat(feats),
        torch.cat(probs),
        torch.cat([d.labels for d in dets]),
        head.context(dets),
    )


def test_an_initialized_head_is_a_mask_score_head(inputs):
    plain = build_model(small_config(PLUS)).roi_head.mask_iou_head.eval()
    head = build_model(config()).roi_head.mask_iou_head.eval()
    missing, unexpected = head.load_state_dict(
        plain.state_dict(), strict=False
    )
    assert not unexpected
    assert {name.split('.')[0] for name in missing} == {
        'fc_detection',
        'relations',
        'norm',
        'fc_relation',
    }
    head.fc_relation.weight.data.zero_()
    head.fc_relation.bias.data.zero_()
    assert torch.equal(predict(head, inputs), predict(plain, inputs))


def test_initialized_neighbours_make_no_difference():
    head = build_model(config()).roi_head.mask_iou_head
    head.init_weights()
    assert not head.fc_relation.weight.any()
    assert not head.fc_relation.bias.any()
    assert head.relations[0].value.weight.any()


@torch.no_grad()
def test_the_order_of_the_detections_makes_no_difference(head, inputs):
    order = torch.randperm(NUM, generator=torch.Generator().manual_seed(1))
    expected = predict(head, inputs)[order]
    found = predict(head, tuple(values[order] for values in inputs))
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_other_images_of_the_batch_make_no_difference(head, inputs):
    few = tuple(values[:3] for values in inputs)
    one = tuple(values[:1] for values in inputs)
    none = tuple(values[:0] for values in inputs)
    images = few, none, inputs, one, none
    found = predict(head, *images)
    expected = torch.cat([predict(head, image) for image in images])
    torch.testing.assert_close(found, expected)


@torch.no_grad()
def test_it_sees_overlapping_neighbours(head, inputs):
    dets, feats, probs = inputs
    before = predict(head, inputs)
    changed = InstanceData(**dict(dets.items()))
    # The same instance is detected in 0, 4 and 8.
    changed.scores = dets.scores.clone()
    changed.scores[4] = 0.99
    after = predict(head, (changed, feats, probs))
    differs = (before != after).flatten(1).any(1)
    assert differs[[0, 4, 8]].all()
    assert not differs.all()


@torch.no_grad()
@pytest.mark.parametrize('autocast', [True, False])
def test_it_runs_in_half_precision(head, inputs, autocast):
    expected = predict(head, inputs)
    if autocast:
        with torch.autocast('cpu', torch.bfloat16):
            found = predict(head, inputs)
    else:
        dets, feats, probs = inputs
        # Boxes and class scores stay in single precision.
        found = predict(
            copy.deepcopy(head).bfloat16(),
            (dets, feats.bfloat16(), probs.bfloat16()),
        )
    torch.testing.assert_close(found.float(), expected, atol=0.1, rtol=0.05)


@torch.no_grad()
def test_its_relations_have_a_gradient_and_the_detector_none(head, inputs):
    head = copy.deepcopy(head)
    with torch.enable_grad():
        predict(head, inputs)[..., 1].sum().backward()
    for name, param in head.relations.named_parameters():
        # The same key weight for all neighbours does not change a softmax.
        if not name.endswith('key.bias'):
            assert param.grad.abs().max() > 0, name


def test_all_parameters_have_a_gradient_without_detections(head, inputs):
    head = copy.deepcopy(head)
    none = tuple(values[:0] for values in inputs)
    predict(head, none).sum().backward()
    # Otherwise DDP waits for them.
    for name, param in head.named_parameters():
        assert param.grad is not None, name


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(num_relations=0), 'num_relations'),
        (dict(num_neighbors=0), 'num_neighbors'),
        (dict(relation_channels=0), 'relation_channels'),
        (dict(relation_channels=6), 'multiple of 4'),
    ],
)
def test_settings_are_checked(changes, message):
    with pytest.raises(ValueError, match=message):
        MaskRelationHead(num_classes=3, **changes)
