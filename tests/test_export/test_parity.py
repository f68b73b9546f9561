"""The comparison of an exported head with the model."""

import numpy as np
import pytest
import torch
from mmdet.registry import MODELS

from mmdet_msrcnn.export.onnx import write_onnx
from mmdet_msrcnn.export.parity import (
    compare,
    has_runtime,
    observed_cases,
    open_session,
)
from mmdet_msrcnn.export.scorer import MaskIoUScorer, scorer_of
from mmdet_msrcnn.models import FUSIONS
from tests.helpers import (
    CHANNELS,
    MS_RCNN,
    PLUS,
    build_model,
    collate,
    scene,
    small_config,
)
from tests.test_export.heads import spread
from tests.test_models.test_detectors.any_models import scored


class Session:
    """Gives what it was told to give, and the labels that it was given."""

    def __init__(self, *outputs):
        self.outputs = list(outputs)
        self.labels = []

    def run(self, names, inputs):
        assert names is None
        assert list(inputs) == ['mask_feats', 'mask_probs', 'labels']
        self.labels += inputs['labels'].tolist()
        return [np.array(self.outputs.pop(0), np.float32)]


def case(*mask_ious):
    feats = torch.zeros(len(mask_ious), 1)
    labels = torch.arange(len(mask_ious))
    return (feats, feats, labels), (torch.tensor(mask_ious),)


def test_comparison_worked_by_hand():
    cases = [case(0.0, 0.5), case(), case(1.0)]
    session = Session([0.0, 0.500004], [], [0.999999])
    parity = compare(session, cases)
    assert parity.largest == pytest.approx(4e-6, rel=0.02)
    assert (parity.num_rois, parity.num_inside) == (3, 1)
    assert session.labels == [0, 1, 0]
    assert '4.0e-06 over 3 RoIs, 1 of' in str(parity)


@pytest.mark.parametrize('wrong', [0.50002, 0.49998, float('nan')])
def test_difference_is_refused(wrong):
    with pytest.raises(ValueError, match='differ by'):
        compare(Session([0.1, wrong]), [case(0.1, 0.5)])


def test_missing_runtime_is_named_with_the_command(monkeypatch):
    assert has_runtime(lambda name: name == 'onnxruntime' or None)
    assert not has_runtime(lambda name: None)
    monkeypatch.setattr(
        'mmdet_msrcnn.export.parity.has_runtime', lambda: False
    )
    with pytest.raises(ImportError, match='Run: pip install onnxruntime'):
        open_session('head.onnx')


def detector(fusion: str, agnostic: bool = False, path=MS_RCNN):
    """A tiny detector whose MaskIoU head has the fusion."""
    cfg = small_config(path)
    roi_head = cfg.model.roi_head
    roi_head.mask_iou_head.update(fusion=fusion, class_agnostic=agnostic)
    roi_head.mask_head.class_agnostic = agnostic
    if FUSIONS[fusion].unpooled:
        roi_head.mask_iou_head.roi_feat_size = 28
        roi_head.mask_iou_roi_extractor = dict(
            type='SingleRoIExtractor',
            roi_layer=dict(type='RoIAlign', output_size=28, sampling_ratio=0),
            out_channels=CHANNELS,
            featmap_strides=[4, 8, 16, 32],
        )
    return build_model(cfg).eval()


@pytest.mark.parametrize(
    'fusion, agnostic, path',
    [
        *((fusion, False, MS_RCNN) for fusion in FUSIONS),
        ('concat', True, MS_RCNN),
        ('concat', False, PLUS),
    ],
)
def test_onnxruntime_gives_the_mask_ious_of_a_detector(
    tmp_path, fusion, agnostic, path
):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason=f'the export needs {name}')
    model = detector(fusion, agnostic, path)
    head = model.roi_head.mask_iou_head

    def predict():
        return model.test_step(collate(scene()))[0]

    with torch.no_grad():
        spread(head, observed_cases(model, predict)[0][0])
        cases = observed_cases(model, predict)
    write_onnx(MaskIoUScorer(head, 28), tmp_path / 'head.onnx')
    parity = compare(open_session(tmp_path / 'head.onnx'), cases)
    assert parity.num_rois == len(cases[0][1][0]) == 10
    assert parity.num_inside >= 3
    # A head with other weights is told apart.
    head.fc_mask_iou.bias.data += 0.01
    write_onnx(MaskIoUScorer(head, 28), tmp_path / 'head.onnx')
    with pytest.raises(ValueError, match='differ by'):
        compare(open_session(tmp_path / 'head.onnx'), cases)


def test_a_file_that_is_not_loaded_is_named(tmp_path):
    pytest.importorskip('onnxruntime', reason='it loads files')
    (tmp_path / 'a.onnx').write_text('text')
    with pytest.raises(ValueError, match='cannot load .*a.onnx'):
        open_session(tmp_path / 'a.onnx')


def plus_by(ranking):
    cfg = small_config(PLUS)
    cfg.model.test_cfg.rcnn.rank_by = ranking
    return build_model(cfg)


def scored_by(ranking):
    return MODELS.build(scored('MaskRCNN', rank_by=ranking))


@pytest.mark.parametrize('make', [plus_by, scored_by])
@torch.no_grad()
def test_scores_are_in_the_order_of_the_inputs(make):
    """However the detections are ranked."""
    model, by_class = (
        make(ranking).eval() for ranking in ('mask_score', 'class_score')
    )
    by_class.load_state_dict(model.state_dict())

    def predict(one):
        return one.test_step(collate(scene()))[0]

    ((inputs, scores),) = observed_cases(model, lambda: predict(model))
    ranked = predict(model).pred_instances
    expected = predict(by_class).pred_instances
    assert torch.equal(inputs[2], expected.labels)
    for name, values in zip(scorer_of(model).predicts, scores, strict=True):
        assert torch.equal(values, expected[name])
    assert torch.equal(
        ranked.scores, expected.mask_scores.sort(descending=True)[0]
    )
    assert not torch.equal(ranked.bboxes, expected.bboxes)
