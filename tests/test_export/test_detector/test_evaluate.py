"""An exported detector beside its model, on images."""

import hashlib
import json
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.export.detector.evaluate import (
    evaluate,
    image_agreement,
)
from mmdet_msrcnn.export.detector.metadata import FORMAT
from mmdet_msrcnn.export.detector.tensor_detector import TensorDetector
from tests.test_export.test_detector.detectors import detector
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture


class Session:
    """The model itself in place of onnxruntime."""

    def __init__(self, model, checkpoint=None, shift=0.0) -> None:
        self.model = TensorDetector(model)
        self.shift = shift
        self.metadata = dict(
            format=FORMAT,
            mask_thr='0.5',
            resize='{"scale": [128, 128], "keep_ratio": true}',
            test_cfg=json.dumps(model.test_cfg),
        )
        if checkpoint:
            digest = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
            self.metadata['checkpoint_sha256'] = f'"{digest}"'

    def get_outputs(self):
        return [SimpleNamespace(name=name) for name in self.model.outputs]

    def get_modelmeta(self):
        return SimpleNamespace(custom_metadata_map=self.metadata)

    def run(self, _, inputs):
        with torch.no_grad():
            *values, scores = self.model(torch.from_numpy(inputs['image']))
        values.append(scores + self.shift)
        return [value.numpy() for value in values]


@pytest.fixture(scope='module')
def files(workspace):  # noqa: F811
    cfg = Config.fromfile(workspace.config)
    # Boxes are scaled back.
    resize = next(
        step
        for step in cfg.test_dataloader.dataset.pipeline
        if step.type == 'Resize'
    )
    resize.scale = (128, 128)
    resize.keep_ratio = True
    del resize.scale_factor
    cfg.dump(workspace.folder / 'resized.py')
    model = detector(cfg)
    checkpoint = workspace.folder / 'random.pth'
    meta = dict(dataset_meta=dict(cfg.metainfo))
    torch.save(dict(meta=meta, state_dict=model.state_dict()), checkpoint)
    return model, workspace.folder / 'resized.py', checkpoint


def test_the_same_model_has_the_same_results(files):
    model, *paths = files
    result = evaluate(Session(model, paths[1]), *paths)
    assert result.agreement.matched == result.agreement.expected >= 10
    assert result.exported == pytest.approx(result.model, nan_ok=True)
    assert 'coco/segm_class_score_mAP' in result.model


def test_another_mask_score_is_seen(files):
    model, *paths = files
    result = evaluate(Session(model, paths[1], shift=0.01), *paths)
    assert result.agreement.matched < result.agreement.expected
    # Only the masks are ranked by it.
    name = 'coco/bbox_mAP'
    assert result.exported[name] == result.model[name]


def test_one_image(files, workspace):  # noqa: F811
    model, *paths = files
    image = next((workspace.folder / 'digits/val').iterdir())
    result = image_agreement(Session(model), *paths, image)
    assert result.matched == result.expected == result.found >= 3
    result = image_agreement(Session(model, shift=0.01), *paths, image)
    assert result.matched < result.expected


def test_another_file_is_refused(files, tmp_path):
    model, config, checkpoint = files
    session = Session(model, checkpoint)
    other = tmp_path / 'other.pth'
    other.write_bytes(b'other')
    with pytest.raises(ValueError, match='was not exported from .*other.pth'):
        evaluate(session, config, other)


def test_a_file_that_ranks_otherwise_is_refused(files):
    model, *paths = files
    session = Session(model, paths[1])
    cfg = json.loads(session.metadata['test_cfg'])
    cfg['rcnn']['rank_by'] = 'mask_score'
    session.metadata['test_cfg'] = json.dumps(cfg)
    with pytest.raises(ValueError, match="rcnn=.*'rank_by': 'mask_score'"):
        evaluate(session, *paths)


def test_a_file_that_resizes_otherwise_is_refused(files):
    model, *paths = files
    session = Session(model, paths[1])
    assert json.loads(session.metadata['resize'])['scale'] == [128, 128]
    session.metadata['resize'] = json.dumps(dict(scale_factor=[1, 1]))
    with pytest.raises(ValueError, match=r'resize=.*\[1, 1\].*128, 128'):
        evaluate(session, *paths)


@pytest.mark.parametrize('missing', ['format', 'checkpoint_sha256'])
def test_a_file_that_lacks_a_description_is_refused(files, missing):
    model, *paths = files
    session = Session(model, paths[1])
    del session.metadata[missing]
    with pytest.raises(ValueError, match=f'of this package: .*{missing}'):
        evaluate(session, *paths)


def test_a_file_that_is_no_image_is_named(files, tmp_path):
    model, config, checkpoint = files
    image = tmp_path / 'a.png'
    for content in ('text', ''):
        image.write_text(content)
        with pytest.raises(ValueError, match='a.png is not an image'):
            image_agreement(Session(model), config, checkpoint, image)
