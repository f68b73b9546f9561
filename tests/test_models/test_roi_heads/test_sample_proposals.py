"""Proposals are sampled as mmdet's RoI heads do it."""

import copy

import pytest
import torch
from mmdet.models.utils import unpack_gt_instances
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.roi_heads.sample_proposals import sample_proposals
from tests.helpers import MASK_RCNN, build_model, jitter, scene, small_config


@pytest.mark.parametrize('num', [4, 100])
def test_samples_are_those_of_mmdets_loss(monkeypatch, num):
    cfg = small_config(MASK_RCNN)
    cfg.model.train_cfg.rcnn.sampler.num = num
    head = build_model(cfg).roi_head
    samples = [scene(seed=seed)['data_samples'] for seed in (1, 2)]
    # The second image has an ignored region.
    ignored = samples[1].gt_instances[:1]
    samples[1].ignored_instances = ignored
    samples[1].gt_instances = samples[1].gt_instances[1:]
    proposals = [
        InstanceData(
            bboxes=torch.cat(
                [jitter(s.gt_instances.bboxes, 0.2, seed=i) for i in range(8)]
            )
        )
        for s in samples
    ]
    drawn, sampler = [], head.bbox_sampler
    sample = sampler.sample

    def spy(*args, **kwargs):
        drawn.append(sample(*args, **kwargs))
        return drawn[-1]

    feats = tuple(torch.rand(2, 16, 64 // s, 96 // s) for s in (4, 8, 16, 32))
    monkeypatch.setattr(sampler, 'sample', spy)
    torch.manual_seed(0)
    head.loss(feats, copy.deepcopy(proposals), samples)
    monkeypatch.undo()
    torch.manual_seed(0)
    gt_instances, ignored_instances, _ = unpack_gt_instances(samples)
    found = sample_proposals(
        head.bbox_assigner,
        sampler,
        feats,
        proposals,
        gt_instances,
        ignored_instances,
    )
    assert len(found) == len(drawn) == 2
    for ours, theirs in zip(found, drawn, strict=True):
        assert len(ours.pos_priors) > 0
        for name in ('priors', 'pos_inds', 'neg_inds', 'pos_gt_labels'):
            assert torch.equal(getattr(ours, name), getattr(theirs, name))
    # Proposals stay proposals.
    assert set(proposals[0].keys()) == {'bboxes'}
