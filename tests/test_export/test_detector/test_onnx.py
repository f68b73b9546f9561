"""ONNX files of whole detectors."""

import json

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.export.detector.agreement import agreement
from mmdet_msrcnn.export.detector.onnx import load_detector, write_detector
from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from mmdet_msrcnn.export.parity import open_session
from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from tests.test_export.test_detector.detectors import (
    KINDS,
    detector,
    image,
)

pytest.importorskip('onnxscript', reason='the export needs onnxscript')
pytest.importorskip('onnxruntime', reason='the comparison needs onnxruntime')

# Each export takes seconds; these have all operators.
FAST = {'plus'}
# mmcv refuses deformable convolutions of less than three rows at stride 32.
SIZES = (97, 130), (96, 96), (161, 100)


def exported(model, path):
    write_detector(TensorDetector(model).eval(), dict(note='a'), path)
    return open_session(path)


def run(session, pixels):
    names = [output.name for output in session.get_outputs()]
    values = session.run(None, dict(image=pixels.numpy()))
    return dict(zip(names, map(torch.from_numpy, values), strict=True))


def as_instances(values):
    return InstanceData(bboxes=values.pop('boxes'), **values)


@pytest.mark.parametrize(
    'kind',
    [
        kind if kind in FAST else pytest.param(kind, marks=pytest.mark.slow)
        for kind in KINDS
    ],
)
def test_onnxruntime_gives_the_detections_of_the_model(tmp_path, kind):
    import onnx

    model = detector(KINDS[kind]())
    session = exported(model, tmp_path / 'all.onnx')
    (opset,) = onnx.load(tmp_path / 'all.onnx').opset_import
    assert opset.domain == ''
    assert opset.version == (19 if 'dcn' in kind else 18)
    tensor_detector = TensorDetector(model)
    for size in SIZES:
        pixels = image(size)
        found = run(session, pixels)
        with torch.no_grad():
            values = tensor_detector(pixels)
        expected = dict(zip(tensor_detector.outputs, values, strict=True))
        assert found.keys() == expected.keys()
        for values in (found, expected):
            probs = values.pop('mask_probs')
            values['masks'] = paste_masks(probs, values['boxes'], *size, 0.5)
        result = agreement(as_instances(found), as_instances(expected))
        result.check()
        assert result.matched >= 3
    found = run(session, torch.zeros(1, 3, 1, 1))
    assert {len(values) for values in found.values()} == {len(found['boxes'])}


def test_nothing_is_detected(tmp_path, capfd):
    cfg = KINDS['plus']()
    cfg.model.test_cfg.rcnn.score_thr = 1.0
    model = detector(cfg)
    capfd.readouterr()
    session = exported(model, tmp_path / 'all.onnx')
    assert capfd.readouterr() == ('', '')
    assert [path.name for path in tmp_path.iterdir()] == ['all.onnx']
    assert session.get_modelmeta().custom_metadata_map == dict(note='a')
    found = run(session, image())
    assert {name: tuple(v.shape) for name, v in found.items()} == dict(
        boxes=(0, 4),
        labels=(0,),
        scores=(0,),
        mask_probs=(0, 28, 28),
        mask_ious=(0,),
        mask_scores=(0,),
    )


@pytest.mark.slow
def test_one_detection(tmp_path):
    cfg = KINDS['plus']()
    cfg.model.test_cfg.rcnn.max_per_img = 1
    found = run(exported(detector(cfg), tmp_path / 'all.onnx'), image())
    assert found['mask_probs'].shape == (1, 28, 28)


def test_what_torch_cannot_export_is_named(tmp_path):
    model = TensorDetector(detector(KINDS['mask_rcnn']()))
    model.model.backbone.forward = lambda x: [x[:, : int(x.sum())]]
    with pytest.raises(ValueError, match='^torch cannot export this detector'):
        write_detector(model, {}, tmp_path / 'all.onnx')
    assert not list(tmp_path.iterdir())


def test_detector_is_loaded_from_the_files_of_users(trained):
    model, described = load_detector(trained.config, trained.checkpoint)
    weights = model.model.state_dict()
    name = 'backbone.conv1.weight'
    assert torch.equal(weights[name], trained.weights[name])
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert json.loads(described['classes']) == ['a', 'b', 'c']


def test_another_checkpoint_is_refused(trained, tmp_path):
    torch.save(dict(state_dict={}), tmp_path / 'empty.pth')
    with pytest.raises(ValueError, match='does not fit .*tiny.py'):
        load_detector(trained.config, tmp_path / 'empty.pth')


def test_weights_that_are_not_finite_are_refused(trained, tmp_path):
    weights = dict(trained.weights)
    name = 'roi_head.bbox_head.fc_cls.weight'
    weights[name] = weights[name] * float('nan')
    torch.save(dict(state_dict=weights), tmp_path / 'nan.pth')
    with pytest.raises(ValueError, match=f'NaN or infinite: {name}'):
        load_detector(trained.config, tmp_path / 'nan.pth')
