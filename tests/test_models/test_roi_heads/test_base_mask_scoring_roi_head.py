"""What the RoI heads that score masks have in common."""

import copy

import pytest
import torch

from mmdet_msrcnn.models.targets import gt_masks
from tests.frameworks import FRAMEWORKS
from tests.helpers import (
    box_polygons,
    build_model,
    collate,
    losses_of,
    scene,
)


def batch(form: str = 'bitmap') -> dict:
    scenes = collate(scene(seed=1), scene(seed=2))
    if form == 'polygon':
        for sample in scenes['data_samples']:
            masks = sample.gt_instances.masks.masks
            sample.gt_instances.masks = box_polygons(masks)
    return scenes


@pytest.mark.parametrize('form', ['bitmap', 'polygon'])
@pytest.mark.parametrize('framework', FRAMEWORKS)
def test_masks_of_an_image_are_packed_once(framework, form, monkeypatch):
    model = build_model(FRAMEWORKS[framework]()).train()
    packed = []
    original = gt_masks.pack_gt_masks

    def count(masks, device):
        packed.append(masks)
        return original(masks, device)

    monkeypatch.setattr(gt_masks, 'pack_gt_masks', count)
    losses_of(model, batch(form))
    # Three instances in each of two images.
    assert [len(masks) for masks in packed] == [3, 3]
    assert packed[0] is not packed[1]


@pytest.mark.parametrize('framework', FRAMEWORKS)
def test_samples_are_not_changed(framework):
    model = build_model(FRAMEWORKS[framework]()).train()
    data = model.data_preprocessor(batch(), training=True)
    before = copy.deepcopy(data['data_samples'])
    model(**data, mode='loss')
    for sample, old in zip(data['data_samples'], before, strict=True):
        assert {*sample.keys()} == {*old.keys()}
        gt, old_gt = sample.gt_instances, old.gt_instances
        assert {*gt.keys()} == {*old_gt.keys()}
        assert vars(gt.masks).keys() == vars(old_gt.masks).keys()


@pytest.mark.parametrize('framework', FRAMEWORKS)
def test_losses_of_the_scorer_alone_are_those_of_the_whole(framework):
    model = build_model(FRAMEWORKS[framework]()).train()
    data = model.data_preprocessor(batch(), training=True)
    with torch.no_grad():
        x = model.extract_feat(data['inputs'])
        proposals = model.rpn_head.predict(x, data['data_samples'])
    found = []
    for losses in (model.roi_head.scorer_loss, model.roi_head.loss):
        torch.manual_seed(0)
        own = copy.deepcopy(proposals)
        found.append(losses(x, own, data['data_samples']))
    alone, whole = found
    names = {name.rsplit('.', 1)[-1] for name in alone}
    assert names == {*model.roi_head.mask_iou_head.logs}
    assert len(whole) > len(alone)
    for name, value in alone.items():
        assert torch.equal(value, whole[name]), name


def ranked_by(framework, ranking):
    cfg = FRAMEWORKS[framework]()
    cfg.model.test_cfg.rcnn.rank_by = ranking
    return build_model(cfg)


@pytest.mark.parametrize('framework', FRAMEWORKS)
@torch.no_grad()
def test_detections_are_ranked_by_the_mask_score(framework):
    by_class, by_mask = (
        ranked_by(framework, ranking).eval().test_step(batch())
        for ranking in ('class_score', 'mask_score')
    )
    for one, other in zip(by_class, by_mask, strict=True):
        one, other = one.pred_instances, other.pred_instances
        assert 'class_scores' not in one
        order = one.mask_scores.argsort(descending=True, stable=True)
        assert order.tolist() != sorted(order.tolist())
        expected = one[order]
        assert torch.equal(other.scores, expected.mask_scores)
        assert torch.equal(other.class_scores, expected.scores)
        for name in {*one.keys()} - {'scores'}:
            assert torch.equal(other[name], expected[name]), name


@pytest.mark.parametrize('framework', FRAMEWORKS)
@torch.no_grad()
def test_nothing_detected_is_ranked_too(framework):
    cfg = FRAMEWORKS[framework]()
    cfg.model.test_cfg.rcnn.update(rank_by='mask_score', score_thr=1.0)
    for sample in build_model(cfg).eval().test_step(batch()):
        assert sample.pred_instances.class_scores.shape == (0,)


@pytest.mark.parametrize('framework', FRAMEWORKS)
def test_the_ranking_does_not_change_training(framework):
    found = []
    for ranking in ('class_score', 'mask_score'):
        model = ranked_by(framework, ranking).train()
        torch.manual_seed(0)
        found.append(model.parse_losses(losses_of(model, batch()))[1])
    one, other = found
    assert {k: float(v) for k, v in one.items()} == {
        k: float(v) for k, v in other.items()
    }
