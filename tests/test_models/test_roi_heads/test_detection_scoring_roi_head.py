"""The RoI heads of one stage and of a cascade learn the mask score."""

import pytest

from mmdet_msrcnn.models import (
    CascadeDetectionScoringRoIHead,
    DetectionScoringRoIHead,
    MaskScoreHead,
)
from tests.frameworks import FRAMEWORKS
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
