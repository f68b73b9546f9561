"""Inputs of a scorer from what any detector predicts."""

import pytest
import torch
from mmdet.registry import MODELS
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.models.detectors.scorer_inputs import (
    scorer_inputs,
    unpadded_shape,
)
from tests.test_models.test_detectors.any_models import build_small


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
        extractor, 4, LEVELS, results, [(2.0, 0.5), (1, 1)]
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
        assert torch.equal(det.masks, result.masks)
        assert torch.equal(det.scores, result.scores)
    assert results[1].bboxes[1].tolist() == [0, 0, 0, 0]


def test_no_detection(extractor):
    nothing = detections([])
    nothing.bboxes = torch.zeros(0, 4)
    feats, probs, dets = scorer_inputs(
        extractor, 4, LEVELS, [nothing, nothing], [(1, 1)] * 2
    )
    assert feats.shape == (0, 1, 2, 2)
    assert probs.shape == (0, 1, 4, 4)
    assert [len(det) for det in dets] == [0, 0]


def test_nothing_found_by_solo(extractor):
    """mmdet's SOLO then returns labels and masks as floats."""
    nothing = build_small('SOLOv2').mask_head._predict_by_feat_single(
        torch.zeros(0, 16),
        torch.zeros(0, 80),
        torch.zeros(1, 16, 8, 8),
        img_meta=dict(img_shape=(32, 32), ori_shape=(32, 32)),
    )
    assert nothing.labels.is_floating_point()
    found = detections([[8.0, 8.0, 24.0, 16.0]])
    _, _, dets = scorer_inputs(
        extractor, 4, LEVELS, [nothing, found], [(1, 1)] * 2
    )
    assert {det.labels.dtype for det in dets} == {torch.int64}
    assert {det.masks.dtype for det in dets} == {torch.bool}


@pytest.mark.parametrize(
    ('img_shape', 'ori_shape', 'scale_factor', 'expected'),
    [
        ((64, 96), (64, 96), (1, 1), (64, 96)),
        ((128, 96), (64, 96), (1, 2.0), (128, 96)),
        # Padded at the right and at the bottom
        ((128, 128), (64, 96), (1.25, 1.5), (96, 120)),
        # Cropped
        ((32, 32), (64, 96), (1, 1), (32, 32)),
    ],
)
def test_size_without_padding(img_shape, ori_shape, scale_factor, expected):
    metainfo = dict(
        img_shape=img_shape, ori_shape=ori_shape, scale_factor=scale_factor
    )
    assert unpadded_shape(metainfo) == expected
    assert unpadded_shape(dict(img_shape=(7, 9))) == (7, 9)
