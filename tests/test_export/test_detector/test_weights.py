"""Files with smaller weights give nearly the same."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmdet_msrcnn.export.detector.weights import (
    CALIBRATION_IMAGES,
    calibration_inputs,
    half_weights,
    quantize,
)
from mmdet_msrcnn.export.parity import open_session

onnx = pytest.importorskip('onnx', reason='a file is changed')
pytest.importorskip('onnxscript', reason='a file is exported')
pytest.importorskip('onnxruntime', reason='the files are run')


@pytest.fixture
def path(tmp_path):
    """Two convolutions, and an addition that is not quantized."""
    model = nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 64, 3, bias=False)
    )
    program = torch.onnx.export(
        model.eval(),
        (torch.rand(1, 3, 20, 30),),
        dynamo=True,
        input_names=['image'],
        verbose=False,
    )
    program.model.metadata_props.update(note='kept')
    program.save(tmp_path / 'all.onnx')
    return tmp_path / 'all.onnx'


def image(seed=0):
    generator = np.random.default_rng(seed)
    return generator.random((1, 3, 20, 30), 'f4') * 255


def run(path):
    session = open_session(path)
    assert session.get_modelmeta().custom_metadata_map['note'] == 'kept'
    (values,) = session.run(None, dict(image=image()))
    return values


def test_half_weights(path):
    before, size = run(path), path.stat().st_size
    half_weights(path)
    assert path.stat().st_size < 0.6 * size
    found = run(path)
    assert not np.array_equal(found, before)
    np.testing.assert_allclose(found, before, atol=2e-3 * np.ptp(before))
    # Biases are small.
    types = {t.name: t.data_type for t in onnx.load(path).graph.initializer}
    half = onnx.TensorProto.FLOAT16
    assert sum(kind == half for kind in types.values()) == 2
    assert len(types) == 3


def test_a_weight_that_half_precision_cannot_hold(path):
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor) * 1e8
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)
    content = path.read_bytes()
    with pytest.raises(ValueError, match='half precision cannot hold'):
        half_weights(path)
    assert path.read_bytes() == content


def test_int8(path, caplog):
    before, size = run(path), path.stat().st_size
    quantize(path, (image(seed) for seed in range(3)))
    assert path.stat().st_size < 0.4 * size
    assert [other.name for other in path.parent.iterdir()] == ['all.onnx']
    # Not the first convolution
    weights = {
        tensor.data_type: list(tensor.dims)
        for tensor in onnx.load(path).graph.initializer
        if len(tensor.dims) == 4
    }
    kinds = onnx.TensorProto
    assert weights == {kinds.FLOAT: [64, 3, 3, 3], kinds.INT8: [64, 64, 3, 3]}
    found = run(path)
    assert not np.array_equal(found, before)
    np.testing.assert_allclose(found, before, atol=0.03 * np.ptp(before))
    assert not caplog.records


def test_a_failure_leaves_the_file(path):
    content = path.read_bytes()

    def broken():
        yield image()
        raise OSError('disk')

    with pytest.raises(OSError, match='disk'):
        quantize(path, broken())
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


def test_images_to_calibrate_on(tmp_path):
    names = 'LoadImageFromFile', 'PackDetInputs'
    steps = [dict(type=name) for name in names]
    cfg = Config(dict(test_dataloader=dict(dataset=dict(pipeline=steps))))
    with pytest.raises(ValueError, match='has no images to calibrate'):
        next(calibration_inputs(cfg, tmp_path))
    for i in range(70):
        pixels = np.full((2, 3, 3), i, np.uint8)
        cv2.imwrite(str(tmp_path / f'{i:02}.png'), pixels)
    found = list(calibration_inputs(cfg, tmp_path))
    assert len(found) == CALIBRATION_IMAGES
    assert (found[0] == 0).all()
    assert (found[-1] == 69).all()
    assert {(x.shape, x.dtype.name) for x in found} == {
        ((1, 3, 2, 3), 'float32')
    }
