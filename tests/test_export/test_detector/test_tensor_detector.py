"""The detector of tensors gives what mmdet's predict gives."""

import pytest
import torch

from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from tests.test_export.test_detector.detectors import (
    KINDS,
    detector,
    image,
    predict,
)


def run(model, pixels):
    exported = TensorDetector(model)
    with torch.no_grad():
        return dict(zip(exported.outputs, exported(pixels), strict=True))


@pytest.mark.parametrize('kind', KINDS)
def test_results_are_those_of_mmdet(kind):
    model = detector(KINDS[kind]())
    pixels = image()
    expected = predict(model, pixels)
    found = run(model, pixels)
    assert len(expected) >= 5
    assert len(expected.scores.unique()) >= 5
    scored = 'mask_rcnn' not in kind
    assert ('mask_scores' in found) == ('mask_scores' in expected) == scored
    probs = found.pop('mask_probs')
    assert set(probs.shape[1:]) == {14 if kind == 'c4' else 28}
    masks = paste_masks(probs, found['boxes'], *pixels.shape[2:], 0.5)
    assert torch.equal(masks, torch.as_tensor(expected.masks))
    found['bboxes'] = found.pop('boxes')
    assert {*found, 'masks'} == {*expected.keys()}
    for name, values in found.items():
        assert torch.equal(values, expected[name]), name


def test_a_model_without_mask_scores_cannot_rank_by_them():
    cfg = KINDS['mask_rcnn']()
    cfg.model.test_cfg.rcnn.rank_by = 'mask_score'
    with pytest.raises(ValueError, match="rank_by='mask_score' needs a RoI"):
        TensorDetector(detector(cfg))


def test_the_model_is_not_changed():
    model = detector(KINDS['dcn']())
    before = str(model)
    run(model, image())
    assert str(model) == before


@pytest.mark.parametrize('kind', ['plus', 'cascade', 'mask_rcnn', 'c4'])
def test_nothing_is_detected(kind):
    cfg = KINDS[kind]()
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    found = run(detector(cfg), image())
    assert {len(values) for values in found.values()} == {0}
    assert found['boxes'].shape == (0, 4)
