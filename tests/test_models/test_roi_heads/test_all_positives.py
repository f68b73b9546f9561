"""All positives are those that the sampler can draw, and no others."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.roi_heads.all_positives import (
    all_positives,
    max_positives,
)
from tests.helpers import build_model, jitter, scene, small_config


def setting(sampler=None):
    cfg = small_config()
    cfg.model.train_cfg.rcnn.sampler.update(sampler or {})
    sample = scene(num=2, seed=1)['data_samples']
    gt = sample.gt_instances
    boxes = torch.cat(
        [
            jitter(gt.bboxes, scale, seed=i)
            for i, scale in enumerate([0.1, 0.2, 1])
        ]
    )
    return build_model(cfg).roi_head, [InstanceData(bboxes=boxes)], [gt]


def rows(results):
    (result,) = results
    values = (
        result.pos_priors,
        result.pos_assigned_gt_inds[:, None],
        result.pos_gt_labels[:, None],
    )
    return {tuple(row) for row in torch.cat(values, dim=1).tolist()}


def draw(roi_head, proposals, gts):
    priors = InstanceData(priors=proposals[0].bboxes)
    assigned = roi_head.bbox_assigner.assign(priors, gts[0], None)
    return [roi_head.bbox_sampler.sample(assigned, priors, gts[0])]


def test_draws_together_give_all_positives():
    roi_head, proposals, gts = setting(dict(num=8, pos_fraction=0.25))
    found = all_positives(roi_head, proposals, gts, [None])
    drawn = set()
    for _ in range(60):
        one = rows(draw(roi_head, proposals, gts))
        assert len(one) == max_positives(roi_head) == 2
        drawn |= one
    assert drawn == rows(found)
    assert len(found[0].neg_priors) == 0


@pytest.mark.parametrize('added', [True, False])
def test_instances_are_proposals_if_the_sampler_adds_them(added):
    roi_head, proposals, gts = setting(dict(add_gt_as_proposals=added))
    (found,) = all_positives(roi_head, proposals, gts, [None])
    boxes = {tuple(box) for box in found.pos_priors.tolist()}
    given = {tuple(box) for box in gts[0].bboxes.tolist()}
    assert (given <= boxes) == added


def test_arguments_are_not_changed():
    roi_head, proposals, gts = setting()
    before = proposals[0].bboxes.clone()
    all_positives(roi_head, proposals, gts, [None])
    assert {*proposals[0].keys()} == {'bboxes'}
    assert torch.equal(proposals[0].bboxes, before)


def test_other_samplers_are_refused():
    roi_head, *_ = setting(dict(type='InstanceBalancedPosSampler'))
    with pytest.raises(TypeError, match='InstanceBalancedPosSampler'):
        max_positives(roi_head)
