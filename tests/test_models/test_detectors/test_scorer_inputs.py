"""Inputs of a scorer from what any detector predicts."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.detectors.scorer_inputs import scorer_inputs


def detections(boxes, **changes):
    masks = torch.zeros(len(boxes), 32, 48, dtype=torch.bool)
    masks[:, 8:16, 8:24] = True
    return InstanceData(
        **dict(
            dict(
                bboxes=torch.tensor(boxes),
                masks=masks,
                scores=torch.rand(len(boxes)),
                labels=torch.zeros(len(boxes), dtype=torch.long),
            ),
            **changes,
        )
    )


@pytest.fixture
def extractor():
    init_default_scope('mmdet')
    extractor = MODELS.build(
        dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=2, sampling_ratio=2),
            out_channels=1,
            featmap_strides=[4],
        )
    )
    extractor.rois = []
    extractor.register_forward_pre_hook(
        lambda module, args: module.rois.append(args[1])
    )
    return extractor


LEVELS = (torch.rand(2, 1, 16, 24),)


def test_rois_are_in_the_size_of_the_input(extractor):
    results = [
        detections([[8.0, 8.0, 24.0, 16.0]]),
        detections([[0.0, 0.0, 16.0, 32.0], [0.0, 0.0, 0.0, 0.0]]),
    ]
    feats, probs, dets = scorer_inputs(
        extractor, 4, [LEVELS], results, [(2.0, 0.5), (1, 1)]
    )
    assert extractor.rois[0].tolist() == [
        [0, 16, 4, 48, 8],
        [1, 0, 0, 16, 32],
        # The box of the mask
        [1, 8, 8, 24, 16],
    ]
    assert feats.shape == (3, 1, 2, 2)
    assert probs.shape == (3, 1, 4, 4)
    # Masks and results have the same size, which is not that of the input.
    assert probs[0].min() == 1
    assert probs[1, 0].tolist() == [
        [0, 0, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
    assert dets[0].bboxes.tolist() == [[8, 8, 24, 16]]
    for det, result in zip(dets, results, strict=True):
        assert det.masks is result.masks
        assert torch.equal(det.scores, result.scores)
    assert results[1].bboxes[1].tolist() == [0, 0, 0, 0]


def test_no_detection(extractor):
    nothing = detections([])
    nothing.bboxes = torch.zeros(0, 4)
    feats, probs, dets = scorer_inputs(
        extractor, 4, [LEVELS], [nothing, nothing], [(1, 1)] * 2
    )
    assert feats.shape == (0, 1, 2, 2)
    assert probs.shape == (0, 1, 4, 4)
    assert [len(det) for det in dets] == [0, 0]
