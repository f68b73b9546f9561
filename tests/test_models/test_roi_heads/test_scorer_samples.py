"""What a scorer trains on can be computed apart from its losses."""

import pytest
import torch

from mmdet_msrcnn.models.roi_heads.scorer_samples import scorer_loss
from tests.helpers import (
    MS_RCNN,
    PLUS,
    build_model,
    collate,
    scene,
    small_config,
)


def features(model, seeds=(1, 2)):
    data = collate(*(scene(seed=seed) for seed in seeds))
    data = model.data_preprocessor(data, True)
    samples = data['data_samples']
    x = model.extract_feat(data['inputs'])
    proposals = model.rpn_head.predict_by_feat(
        *model.rpn_head(x),
        batch_img_metas=[sample.metainfo for sample in samples],
        cfg=model.train_cfg.rpn_proposal,
    )
    return x, proposals, samples


@pytest.mark.parametrize('config', [MS_RCNN, PLUS])
def test_nothing_has_a_gradient(config):
    model = build_model(small_config(config)).train()
    samples = model.roi_head.scorer_samples(*features(model))
    assert len(samples.labels) > 0
    tensors = [*samples[:3], *samples.targets.values()]
    assert not any(value.requires_grad for value in tensors)
    assert {len(value) for value in tensors} == {len(samples.labels)}


def test_images_do_not_mix():
    model = build_model(small_config(PLUS)).train()
    both = model.roi_head.scorer_samples(*features(model))
    parts = [
        model.roi_head.scorer_samples(*features(model, [seed]))
        for seed in (1, 2)
    ]
    torch.testing.assert_close(
        both.mask_feats, torch.cat([p.mask_feats for p in parts])
    )
    for name, value in both.targets.items():
        torch.testing.assert_close(
            value, torch.cat([p.targets[name] for p in parts])
        )


def test_losses_are_those_of_the_roi_head():
    model = build_model(small_config(PLUS)).train()
    x, proposals, data = features(model)
    head = model.roi_head
    samples = head.scorer_samples(x, proposals, data)
    found = scorer_loss(head.mask_iou_head, samples)
    expected = head.scorer_loss(x, proposals, data)
    assert {*found} == {*head.mask_iou_head.logs}
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


def test_a_loss_that_is_not_declared_is_named(monkeypatch):
    model = build_model(small_config(PLUS)).train()
    samples = model.roi_head.scorer_samples(*features(model))
    scorer = model.roi_head.mask_iou_head
    monkeypatch.setattr(type(scorer), 'logs', ('loss_mask_iou',))
    with pytest.raises(KeyError, match='MaskScoreHead.logs must name'):
        scorer_loss(scorer, samples)
