"""Mask score for any instance segmentation model of mmdet."""

import copy

import pytest
import torch
from mmdet.registry import MODELS
from mmdet.structures.bbox import get_box_tensor
from mmengine.config import ConfigDict
from mmengine.runner import load_checkpoint

from mmdet_msrcnn.apis.mask_scored_config import scored_model
from mmdet_msrcnn.models import MaskScoredDetector
from tests.helpers import (
    PLUS,
    PLUS_LOGS,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    build_small,
    scored,
)

SIZES = (64, 96), (96, 64)
# CondInst normalizes groups, so a batch of one needs more than one cell.
LARGE = 160, 192
# Models whose detections have boxes; DetTTAModel merges boxes.
BOXED = [name for name in MODEL_CONFIGS if name != 'SOLOv2']


def batch(num=3, **kwargs):
    scenes = [
        scene(num, size=size, seed=seed, **kwargs)
        for seed, size in enumerate(SIZES, 1)
    ]
    for one in scenes:
        one['data_samples'].set_metainfo(
            dict(flip=True, flip_direction='horizontal')
        )
    return collate(*scenes)


@pytest.fixture(scope='module', params=MODEL_CONFIGS)
def pair(request, tmp_path_factory):
    """Detector and its mask-scored version, with the same weights."""
    detector = build_small(request.param)
    if request.param == 'QueryInst':
        # Random boxes break mmcv's RoIAlign; these stay the whole image.
        for head in detector.roi_head.bbox_head:
            torch.nn.init.zeros_(head.fc_reg.weight)
    path = tmp_path_factory.mktemp('weights') / 'detector.pth'
    torch.save(dict(state_dict=detector.state_dict()), path)
    model = MODELS.build(scored(request.param))
    model.init_weights()
    load_checkpoint(model, str(path), map_location='cpu')
    return detector, model


@pytest.fixture
def model(pair):
    return pair[1]


def test_wraps_every_class(pair, request):
    detector, model = pair
    assert type(model) is MaskScoredDetector
    name = request.node.callspec.params['pair']
    assert type(model.detector).__name__ == type(detector).__name__ == name


def test_a_step_changes_the_head_alone(model):
    before = {k: v.clone() for k, v in model.state_dict().items()}
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad], lr=0.1
    )
    loss, log = model.parse_losses(losses_of(model.train(), batch()))
    assert set(log) == {'loss', *PLUS_LOGS}
    assert loss.isfinite()
    assert loss > 0
    assert log['mask_iou_samples'] > 0
    loss.backward()
    optimizer.step()
    after = model.state_dict()
    changed = {k for k, v in before.items() if not torch.equal(after[k], v)}
    assert changed
    assert all(name.startswith('mask_iou_head.') for name in changed)
    model.load_state_dict(before)


@pytest.mark.parametrize('scale', [(1.0, 1.0), (2.0, 0.5)])
@torch.no_grad()
def test_predictions_are_those_of_the_detector(model, scale):
    model.eval()
    data = batch(scale_factor=scale)
    results = model.test_step(copy.deepcopy(data))
    assert all(sample.flip for sample in results)
    # mmdet's cascades do not predict flipped images.
    for sample in data['data_samples']:
        sample.set_metainfo(dict(flip=False))
    expected = model.detector.test_step(data)
    for ours, theirs in zip(results, expected, strict=True):
        ours, theirs = ours.pred_instances, theirs.pred_instances
        assert len(ours) > 0
        assert {*ours.keys()} == {*theirs.keys(), 'mask_ious', 'mask_scores'}
        for name, value in theirs.items():
            if name == 'bboxes':
                value, own = get_box_tensor(value), get_box_tensor(ours.bboxes)
            else:
                own = ours[name]
            assert torch.equal(own, value), name
        for name in ('mask_ious', 'mask_scores'):
            assert ours[name].shape == ours.scores.shape
            assert ((ours[name] >= 0) & (ours[name] <= 1)).all()


@torch.no_grad()
def test_images_of_a_batch_do_not_change_each_other(model):
    # Pads to the same size, because padding changes features.
    model.eval()
    images = [scene(size=LARGE, seed=seed) for seed in (1, 2)]
    both = model.test_step(collate(*copy.deepcopy(images)))
    for image, together in zip(images, both, strict=True):
        (alone,) = model.test_step(collate(copy.deepcopy(image)))
        alone, together = alone.pred_instances, together.pred_instances
        assert len(alone) == len(together)
        torch.testing.assert_close(
            alone.mask_scores, together.mask_scores, atol=0.01, rtol=0
        )
        torch.testing.assert_close(
            alone.scores, together.scores, atol=0.01, rtol=0
        )


def test_padding_has_no_detections_in_training(model):
    """As at test, where mmdet cuts it off."""
    data = batch(scale_factor=(0.5, 0.5))
    for sample in data['data_samples']:
        height, width = sample.img_shape
        # A third of the image is padding.
        sample.set_metainfo(dict(ori_shape=(height * 2, width * 4 // 3)))
    seen = []
    predict = model.detector.predict
    model.detector.predict = lambda *args: (
        seen.extend(args[1]) or predict(*args)
    )
    data = model.train().data_preprocessor(data, training=True)
    model.scorer_samples(data['inputs'], data['data_samples'])
    del model.detector.predict
    assert [sample.ori_shape for sample in seen] == [(64, 64), (96, 42)]
    for sample in seen:
        assert sample.pred_instances.masks.shape[1:] == sample.ori_shape


def test_training_is_at_the_size_of_the_input(model):
    """The ground truth has that size, whatever the original image had."""

    def samples(scale):
        data = batch(scale_factor=scale)
        data = model.train().data_preprocessor(data, training=True)
        return model.scorer_samples(data['inputs'], data['data_samples'])

    found, expected = samples((2.0, 0.5)), samples((1.0, 1.0))
    assert expected.mask_probs.any()
    assert torch.equal(found.mask_probs, expected.mask_probs)
    for name, value in expected.targets.items():
        assert torch.equal(found.targets[name], value), name


def test_image_without_instances(model):
    loss, log = model.parse_losses(losses_of(model.train(), batch(0)))
    assert loss.isfinite()
    assert log['mask_iou_target'] == 0


def test_nothing_detected(model, monkeypatch):
    predict = model.detector.predict

    def nothing(*args):
        samples = predict(*args)
        for sample in samples:
            sample.pred_instances = sample.pred_instances[:0]
        return samples

    monkeypatch.setattr(model.detector, 'predict', nothing)
    loss, _ = model.parse_losses(losses_of(model.train(), batch()))
    loss.backward()
    assert loss == 0
    with torch.no_grad():
        for sample in model.eval().test_step(batch()):
            assert sample.pred_instances.mask_scores.shape == (0,)


def test_features_are_computed_once(model):
    runs = []
    handle = model.detector.backbone.register_forward_hook(
        lambda *args: runs.append(None)
    )
    with torch.no_grad():
        model.eval().test_step(batch())
    handle.remove()
    assert len(runs) == 1


@torch.no_grad()
def test_flip_tta(model, request):
    if request.node.callspec.params['pair'] not in BOXED:
        pytest.skip('it predicts no boxes, which mmdet merges')
    tta = MODELS.build(
        dict(
            type='mmdet_msrcnn.MaskScoringTTAModel',
            module=model.eval(),
            tta_cfg=ConfigDict(
                nms=dict(type='nms', iou_threshold=0.5), max_per_img=5
            ),
        )
    )
    views = [scene(size=LARGE, seed=1) for _ in range(2)]
    views[1]['inputs'] = views[1]['inputs'].flip(2)
    for view, flip in zip(views, (False, True), strict=True):
        view['data_samples'].set_metainfo(
            dict(flip=flip, flip_direction='horizontal' if flip else None)
        )
    (result,) = tta.test_step(
        dict(
            inputs=[[view['inputs']] for view in views],
            data_samples=[[view['data_samples']] for view in views],
        )
    )
    pred = result.pred_instances
    assert 0 < len(pred) <= 5
    assert pred.mask_scores.shape == pred.scores.shape


@torch.no_grad()
def test_ranking_by_the_mask_score(model, monkeypatch):
    model.eval()
    results = model.test_step(batch())
    monkeypatch.setattr(model, 'rank_by', 'mask_score')
    for one, other in zip(results, model.test_step(batch()), strict=True):
        one, other = one.pred_instances, other.pred_instances
        order = one.mask_scores.argsort(descending=True, stable=True)
        assert torch.equal(other.scores, one.mask_scores[order])
        assert torch.equal(other.class_scores, one.scores[order])
        assert torch.equal(other.masks, one.masks[order])


def test_a_detector_that_ranks_by_its_own_mask_score():
    """The scorer reads the class score."""
    found = []
    for ranking in ('class_score', 'mask_score'):
        cfg = small_config(PLUS)
        cfg.model.test_cfg.rcnn.rank_by = ranking
        cfg.model.roi_head.mask_iou_head.pop('num_classes', None)
        outer = MODELS.build(scored_model(cfg.model))
        state = build_model(cfg).state_dict()
        outer.load_state_dict(
            {f'detector.{k}': v for k, v in state.items()}, strict=False
        )
        torch.manual_seed(0)
        outer.mask_iou_head.init_weights()
        data = outer.data_preprocessor(batch(), training=True)
        samples = outer.scorer_samples(data['inputs'], data['data_samples'])
        with torch.no_grad():
            (result, _) = outer.eval().test_step(batch())
        found.append((samples, result.pred_instances))
    (samples, result), (ranked_samples, ranked) = found
    assert 'class_scores' not in ranked
    for name in ('scores', 'mask_scores'):
        one, other = result[name].sort()[0], ranked[name].sort()[0]
        torch.testing.assert_close(one, other)
    for name in ('context', 'mask_probs'):
        one, other = getattr(samples, name), getattr(ranked_samples, name)
        one, other = (v.flatten(1).sum(1).sort()[0] for v in (one, other))
        torch.testing.assert_close(one, other)


def test_an_unknown_ranking_is_refused():
    with pytest.raises(ValueError, match=r"model.rank_by .*got 'box_score'"):
        MODELS.build(dict(scored('MaskRCNN'), rank_by='box_score'))
