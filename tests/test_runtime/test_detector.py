"""The detector of a file, and files that are none."""

import numpy as np
import pytest
from msrcnn_runtime import Detector

from tests.test_runtime.conftest import METADATA, write_model


def test_results_are_in_pixels_of_the_image(model):
    # Twice as large as the model sees it
    dets = Detector(model)(np.full((80, 160, 3), 51, np.uint8))
    assert dets.boxes.tolist() == [[20, 10, 60, 50], [80, 20, 120, 60]]
    assert dets.labels.tolist() == [1, 0]
    np.testing.assert_allclose(dets.scores, [0.2, 0.1], rtol=1e-6)
    assert dets.mask_ious.tolist() == [0.5, 0.25]
    np.testing.assert_allclose(dets.mask_scores, [0.4, 0.2])
    assert dets.classes == ['cat', 'dog']
    assert dets.masks.shape == (2, 80, 160)
    assert dets.masks[0, 10:50, 20:60].all()
    assert dets.masks[0].sum() == 40 * 40


def test_a_model_that_does_not_score_masks(tmp_path):
    path = write_model(tmp_path / 'a.onnx', scored=False)
    dets = Detector(path)(np.full((40, 80, 3), 51, np.uint8))
    assert dets.mask_ious is None
    assert dets.mask_scores is dets.scores


@pytest.mark.parametrize('size', [(1, 1), (1, 500), (2000, 30)])
def test_odd_sizes(model, size):
    dets = Detector(model)(np.zeros((*size, 3), np.uint8))
    assert dets.masks.shape == (2, *size)


def test_truncated_files_are_refused(model, tmp_path):
    data = model.read_bytes()
    path = tmp_path / 'part.onnx'
    for share in (0, 0.01, 0.3, 0.6, 0.9, 0.99):
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(ValueError, match='part.onnx (was not|has the)'):
            Detector(path)


@pytest.mark.parametrize('content', [b'GIF89a', b'\0' * 1000, b'\xff' * 1000])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / 'other.onnx'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='other.onnx (was not|has the)'):
        Detector(path)


def test_a_foreign_model_is_refused(tmp_path):
    for metadata in ({}, METADATA | dict(format='mmdet_msrcnn detector 2')):
        path = write_model(tmp_path / 'a.onnx', metadata)
        with pytest.raises(ValueError, match="not 'mmdet_msrcnn detector 1'"):
            Detector(path)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.onnx does not exist'):
        Detector(tmp_path / 'none.onnx')


def test_format_is_that_of_the_export():
    from msrcnn_runtime.detector import FORMAT

    from mmdet_msrcnn.export.detector import metadata

    assert metadata.FORMAT == FORMAT


def test_metadata_that_is_missing_or_wrong(tmp_path):
    for name in ('classes', 'resize', 'mask_thr'):
        for wrong in ({}, {name: '{'}, {name: 'null'}, {name: '"x"'}):
            rest = {k: v for k, v in METADATA.items() if k != name}
            path = write_model(tmp_path / 'a.onnx', rest | wrong)
            with pytest.raises(ValueError, match='a.onnx lacks metadata'):
                Detector(path)


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('mask_thr', '2'),
        ('mask_thr', 'NaN'),
        ('classes', '[1]'),
        ('resize', '{"scale": [80, 40]}'),
        ('resize', '{"scale": [-3, 40], "keep_ratio": true}'),
        ('resize', '{"scale_factor": [0, 0]}'),
        ('resize', '{"scale_factor": 2}'),
    ],
)
def test_metadata_out_of_range(tmp_path, name, text):
    path = write_model(tmp_path / 'a.onnx', METADATA | {name: text})
    with pytest.raises(ValueError, match='or has wrong ones'):
        Detector(path)


@pytest.mark.parametrize('threads', [-1, 10**11])
def test_threads(model, threads):
    with pytest.raises(ValueError, match='threads must be from 0 to'):
        Detector(model, threads)


def test_a_provider_that_is_not_available(model):
    with pytest.raises(ValueError, match='cannot use CUDAExecutionProvider'):
        Detector(model, providers=['CUDAExecutionProvider'])
