"""The RoI heads of one stage and of a cascade learn the mask score."""

import pytest
import torch

from mmdet_msrcnn.models import (
    CascadeDetectionScoringRoIHead,
    DetectionScoringRoIHead,
    MaskScoreHead,
)
from tests.frameworks import FRAMEWORKS, cascade_config
from tests.helpers import (
    PLUS_LOGS,
    build_model,
    collate,
    losses_of,
    scene,
)

TYPES = dict(
    ms_rcnn_plus=DetectionScoringRoIHead,
    cascade_plus=CascadeDetectionScoringRoIHead,
)
NAMES = pytest.mark.parametrize('name', TYPES)


def batch():
    return collate(scene(seed=1), scene(seed=2))


@NAMES
def test_config_builds_our_types(name):
    roi_head = build_model(FRAMEWORKS[name]()).roi_head
    assert type(roi_head) is TYPES[name]
    assert type(roi_head.mask_iou_head) is MaskScoreHead


@NAMES
def test_the_scorer_learns_apart_from_the_detector(name):
    model = build_model(FRAMEWORKS[name]()).train()
    losses = losses_of(model, batch())
    assert losses.keys() >= PLUS_LOGS
    assert losses['mask_iou_samples'] > 0
    (losses['loss_mask_iou'] + losses['loss_mask_score']).backward()
    for parameter_name, parameter in model.named_parameters():
        own = parameter_name.startswith('roi_head.mask_iou_head.')
        assert (parameter.grad is not None) == own, parameter_name


def test_the_cascade_scores_what_it_predicts():
    """The training samples are the detections of the whole cascade."""
    model = build_model(cascade_config('cascade-ms-rcnn-plus')).train()
    data = model.data_preprocessor(batch(), training=True)
    x = model.extract_feat(data['inputs'])
    samples = data['data_samples']
    with torch.no_grad():
        model.eval()
        proposals = model.rpn_head.predict(x, samples, rescale=False)
        results = model.roi_head.predict(x, proposals, samples)
        model.train()
    found = model.roi_head.scorer_samples(x, proposals, samples)
    assert torch.equal(found.labels, torch.cat([r.labels for r in results]))
    expected = torch.cat([r.mask_scores for r in results])
    preds = model.roi_head.mask_iou_head(*found[:-1])
    chosen = preds[torch.arange(len(found.labels)), found.labels]
    torch.testing.assert_close(chosen[:, 1].sigmoid(), expected)
