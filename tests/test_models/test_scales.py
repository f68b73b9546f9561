"""Images of other sizes than the network's input, and of several sizes."""

import pytest
import torch

from tests.frameworks import FRAMEWORKS
from tests.helpers import (
    build_model,
    collate,
    losses_of,
    scene,
)

# Of x and y: how many times the image was enlarged for the network.
SCALES = [(0.5, 0.75), (2.0, 1.6)]


@pytest.fixture(params=FRAMEWORKS)
def model(request):
    return build_model(FRAMEWORKS[request.param]())


def predict(model, *scenes, rescale=True):
    data = model.eval().data_preprocessor(collate(*scenes))
    results = model.predict(
        data['inputs'], data['data_samples'], rescale=rescale
    )
    return [result.pred_instances for result in results]


@pytest.mark.parametrize('scale', SCALES)
def test_losses_do_not_depend_on_the_size_of_the_image(model, scale):
    found = []
    for scale_factor in ((1.0, 1.0), scale):
        torch.manual_seed(0)
        batch = collate(scene(seed=1, scale_factor=scale_factor))
        found.append(losses_of(model.train(), batch))
    for name, value in found[0].items():
        values = value if isinstance(value, list) else [value]
        others = found[1][name]
        others = others if isinstance(others, list) else [others]
        for one, other in zip(values, others, strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0, msg=name)


@pytest.mark.parametrize('scale', SCALES)
@pytest.mark.parametrize('rescale', [True, False])
def test_predictions_go_back_to_the_image(model, scale, rescale):
    scaled = scene(seed=1, scale_factor=scale)
    (expected,) = predict(model, scene(seed=1))
    (found,) = predict(model, scaled, rescale=rescale)
    assert len(found) == len(expected) > 0
    for name in ('labels', 'scores', 'mask_ious', 'mask_scores'):
        assert torch.equal(found[name], expected[name]), name
    size = expected.bboxes.new_tensor(scale).repeat(2) if rescale else 1
    torch.testing.assert_close(found.bboxes * size, expected.bboxes)
    shape = scaled['data_samples'].ori_shape if rescale else (64, 96)
    assert found.masks.shape == (len(found), *shape)
    if not rescale:
        assert torch.equal(found.masks, expected.masks)
    else:
        # Each covers the same part of the image.
        areas = (m.masks.float().mean((1, 2)) for m in (found, expected))
        torch.testing.assert_close(*areas, atol=0.02, rtol=0)


def test_images_of_several_sizes_in_a_batch(model):
    scenes = [
        scene(seed=1),
        scene(2, size=(96, 64), seed=2, scale_factor=(0.5, 0.75)),
        scene(0, size=(48, 50), seed=3),
    ]
    losses = losses_of(model.train(), collate(*scenes))
    samples = [v for k, v in losses.items() if k.endswith('iou_samples')]
    assert sum(samples) > 0
    loss, log = model.parse_losses(losses)
    assert all(value.isfinite() for value in log.values())
    loss.backward()
    preds = predict(model, *scenes)
    for one, pred in zip(scenes, preds, strict=True):
        height, width = one['data_samples'].ori_shape
        assert pred.masks.shape == (len(pred), height, width)
        assert len(pred.mask_scores) == len(pred) > 0
        assert pred.bboxes.min() >= 0
        limit = pred.bboxes.new_tensor([width, height]).repeat(2)
        assert (pred.bboxes <= limit + 1e-3).all()
