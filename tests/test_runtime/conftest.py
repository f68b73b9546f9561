"""A file that looks like an exported detector, and images."""

import json

import cv2
import numpy as np
import pytest

METADATA = dict(
    format='mmdet_msrcnn detector 1',
    classes=json.dumps(['cat', 'dog']),
    resize=json.dumps(dict(scale=[80, 40], keep_ratio=True)),
    mask_thr='0.5',
)
# In pixels of an image of 80x40 or less.
BOXES = [[10, 5, 30, 25], [40, 10, 60, 30]]


def write_model(path, metadata=None, scored=True, first_row=0):
    """Write a model that finds two boxes; their score is the image's mean."""
    onnx = pytest.importorskip('onnx', reason='a test model is written')
    from onnx import TensorProto, helper, numpy_helper

    constants = dict(
        boxes=np.array(BOXES, 'f4'),
        labels=np.array([1, 0]),
        mask_probs=np.ones((2, 28, 28), 'f4'),
        mask_ious=np.array([0.5, 0.25], 'f4'),
        mask_scores=np.array([0.4, 0.2], 'f4'),
    )
    constants['mask_probs'][:, :first_row] = 0
    if not scored:
        del constants['mask_ious'], constants['mask_scores']
    nodes = [
        helper.make_node(
            'Constant', [], [name], value=numpy_helper.from_array(value)
        )
        for name, value in constants.items()
    ]
    factors = numpy_helper.from_array(np.array([1 / 255, 0.5 / 255], 'f4'))
    nodes += [
        helper.make_node('Constant', [], ['factors'], value=factors),
        helper.make_node('ReduceMean', ['image'], ['mean'], keepdims=0),
        helper.make_node('Mul', ['mean', 'factors'], ['scores']),
    ]
    outputs = ['scores', *constants]
    kinds = dict(labels=TensorProto.INT64)
    graph = helper.make_graph(
        nodes,
        'detector',
        [
            helper.make_tensor_value_info(
                'image', TensorProto.FLOAT, [1, 3, 'height', 'width']
            )
        ],
        [
            helper.make_tensor_value_info(
                name, kinds.get(name, TensorProto.FLOAT), None
            )
            for name in outputs
        ],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8
    )
    for key, value in (METADATA if metadata is None else metadata).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, path)
    return path


@pytest.fixture
def model(tmp_path):
    return write_model(tmp_path / 'detector.onnx')


@pytest.fixture
def photos(tmp_path):
    """A folder with two images, and a file that is none."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    cv2.imwrite(str(folder / 'b.png'), np.full((80, 160, 3), 100, np.uint8))
    cv2.imwrite(str(folder / 'a.jpg'), np.full((40, 60, 3), 200, np.uint8))
    (folder / 'notes.txt').write_text('no image')
    return folder
