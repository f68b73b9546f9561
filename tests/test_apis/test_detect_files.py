"""Files of images and videos, through a model with random weights."""

import io
import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.apis import MaskScoringInferencer
from mmdet_msrcnn.apis.detect_files import FileDetector, frames_of
from tests.helpers import build_model
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture


@pytest.fixture(scope='module')
def inferencer(workspace):  # noqa: F811
    cfg = Config.fromfile(workspace.config)
    model = build_model(cfg)
    path = workspace.folder / 'random.pth'
    meta = dict(dataset_meta=dict(cfg.metainfo))
    state = model.state_dict()
    for name, value in state.items():
        # Random heads predict a MaskIoU of 0.
        if 'mask_iou_head' in name and name.endswith('bias'):
            value += 0.5
    torch.save(dict(meta=meta, state_dict=state), path)
    return MaskScoringInferencer(str(workspace.config), str(path), 'cpu')


@pytest.fixture
def images(workspace):  # noqa: F811
    return sorted(map(str, (workspace.folder / 'digits/val').iterdir()))


def test_images(inferencer, images, tmp_path):
    lines = io.StringIO()
    detector = FileDetector(inferencer, tmp_path, 0.0, lines)
    assert detector.detect_images(images) == []
    records = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert [record.pop('image') for record in records] == images
    for path, record in zip(images, records, strict=True):
        stem = path.rsplit('/', 1)[-1].removesuffix('.png')
        preds = tmp_path / f'preds/{stem}.json'
        assert json.loads(preds.read_text()) == record
        assert len(record['mask_scores']) == 5
        drawn = cv2.imread(str(tmp_path / f'vis/{stem}.png'))
        assert min(drawn.shape[:2]) >= 400


def test_a_file_that_fails_does_not_stop_the_others(
    inferencer, images, tmp_path
):
    bad = tmp_path / 'bad.png'
    bad.write_bytes(b'no image')
    out = tmp_path / 'out'
    paths = [str(bad), images[0], str(tmp_path / 'missing.png')]
    failed = FileDetector(inferencer, out, 0.3).detect_images(paths)
    assert len(failed) == 2
    assert 'bad.png' in failed[0]
    assert 'missing.png' in failed[1]
    assert len(list((out / 'vis').iterdir())) == 1


def test_formats_that_opencv_does_not_write(inferencer, images, tmp_path):
    from PIL import Image

    gif = tmp_path / 'a.ppm'
    Image.open(images[0]).save(gif)
    out = tmp_path / 'out'
    assert FileDetector(inferencer, out, 0.3).detect_images([str(gif)]) == []
    (drawn,) = (out / 'vis').iterdir()
    assert drawn.name == 'a.ppm.png'
    assert cv2.imread(str(drawn)) is not None


def test_a_picture_of_another_format_beside_one_of_its_name(
    inferencer, images, tmp_path
):
    from PIL import Image

    first = tmp_path / 'a.ppm'
    Image.open(images[0]).save(first)
    second = tmp_path / 'a.ppm.png'
    Image.open(images[1]).save(second)
    for order in ((first, second), (second, first)):
        out = tmp_path / f'out_{order[0].name}'
        paths = [str(path) for path in order]
        detector = FileDetector(inferencer, out, 0.3)
        assert detector.detect_images(paths) == []
        assert len([*(out / 'vis').iterdir()]) == 2


@pytest.fixture
def video(images, tmp_path):
    path = tmp_path / 'clip.avi'
    size = cv2.imread(images[0]).shape[1::-1]
    code = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), code, 12.0, size)
    for image in images:
        writer.write(cv2.imread(image))
    writer.release()
    return path


def test_video(inferencer, images, video, tmp_path):
    out = tmp_path / 'out'
    FileDetector(inferencer, out, 0.0).detect_video(video)
    lines = (out / 'preds/clip.jsonl').read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert [record['frame'] for record in records] == [0, 1, 2]
    assert all(len(record['scores']) == 5 for record in records)
    capture = cv2.VideoCapture(str(out / 'vis/clip.mp4'))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(12)
    frames = list(frames_of(capture))
    assert len(frames) == 3
    # Colors are in order: what is drawn differs, the background does not.
    plain = cv2.resize(cv2.imread(images[0]), frames[0].shape[1::-1])
    difference = np.abs(frames[0].astype(int) - plain)
    assert np.median(difference) < 10
    assert difference.max() > 100


@pytest.mark.parametrize('content', [b'', b'no video' * 100])
def test_a_file_that_is_no_video_is_named(inferencer, tmp_path, content):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(content)
    out = tmp_path / 'out'
    with pytest.raises(ValueError, match='clip.mp4 cannot be read as a vid'):
        FileDetector(inferencer, out, 0.3).detect_video(path)
    assert not out.exists()


def test_automatic_threshold(inferencer, images, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(
        inferencer.visualizer,
        'add_datasample',
        lambda name, image, sample, **kwargs: seen.append(
            sample.pred_instances.mask_scores
        ),
    )
    monkeypatch.setattr(
        inferencer.visualizer, 'get_image', lambda: np.zeros((9, 9, 3))
    )
    (sample,) = inferencer(
        images[0], return_datasamples=True, no_save_vis=True
    )['predictions']
    scores = sample.pred_instances.mask_scores.sort(descending=True)[0]
    classes = inferencer.visualizer.dataset_meta['classes']
    thr = float(scores[1])
    monkeypatch.setattr(
        inferencer,
        'score_thresholds',
        dict(mask_score=dict.fromkeys(classes, thr)),
    )
    FileDetector(inferencer, tmp_path, 'auto').detect_images(images[:1])
    assert len(seen[0]) == int((scores >= thr).sum()) < 5


@pytest.mark.parametrize(
    ('thr', 'message'),
    [('auto', 'no score thresholds'), ('best', "must be one of .*'best'")],
)
def test_thresholds_that_are_missing_are_named(
    inferencer, tmp_path, thr, message
):
    with pytest.raises(ValueError, match=message):
        FileDetector(inferencer, tmp_path, thr)
    assert list(tmp_path.iterdir()) == []


def test_a_video_that_cannot_be_written_is_named(
    inferencer, video, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        'mmdet_msrcnn.apis.detect_files.CODE', cv2.VideoWriter.fourcc(*'none')
    )
    out = tmp_path / 'out'
    with pytest.raises(OSError, match='OpenCV cannot write .*clip.mp4'):
        FileDetector(inferencer, out, 0.3).detect_video(video)
    assert list((out / 'vis').iterdir()) == []


def test_very_wide_images(inferencer, tmp_path):
    path = tmp_path / 'wide.jpg'
    cv2.imwrite(str(path), np.full((20, 3000, 3), 90, np.uint8))
    out = tmp_path / 'out'
    assert FileDetector(inferencer, out, 0.3).detect_images([str(path)]) == []
    assert cv2.imread(str(out / 'vis/wide.jpg')).shape[1] <= 4096


def test_an_interrupted_video_keeps_an_earlier_file(
    inferencer, video, tmp_path, monkeypatch
):
    out = tmp_path / 'out'
    detector = FileDetector(inferencer, out, 0.3)
    detector.detect_video(video)
    preds = out / 'preds/clip.jsonl'
    before = preds.read_text()
    drawn = []

    def interrupt(*args):
        drawn.append(args)
        if len(drawn) == 2:
            raise KeyboardInterrupt
        return np.zeros((512, 512, 3), np.uint8)

    monkeypatch.setattr(detector, '_draw', interrupt)
    with pytest.raises(KeyboardInterrupt):
        detector.detect_video(video)
    assert preds.read_text() == before
    part = preds.with_name('clip.jsonl.part').read_text().splitlines()
    assert part == before.splitlines()[:2]


def test_nobody_reads_the_lines(inferencer, images, tmp_path):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    detector = FileDetector(inferencer, tmp_path, 0.3, Closed())
    with pytest.raises(BrokenPipeError):
        detector.detect_images(images)
