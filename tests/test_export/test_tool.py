"""tools/export_onnx.py, from the files that users have."""

import re

import cv2
import numpy as np
import pytest
from msrcnn_runtime import Detector

from mmdet_msrcnn.export import parity
from mmdet_msrcnn.export.detector.agreement import Agreement
from mmdet_msrcnn.export.onnx import write_onnx
from mmdet_msrcnn.export.scorer import MaskIoUScorer
from mmdet_msrcnn.models import MaskIoUHead, MaskScoreHead
from tests.helpers import ROOT, load_tool, scene

TOOL = load_tool('export_onnx')


def run(monkeypatch, *args):
    monkeypatch.setattr('sys.argv', ['export_onnx.py', *map(str, args)])
    TOOL.main()


@pytest.fixture
def packages():
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason=f'the export needs {name}')


@pytest.fixture(params=['drawn', 'coco'])
def image(request, tmp_path):
    """A scene that is drawn, and a photograph of COCO."""
    if request.param == 'coco':
        folder = request.getfixturevalue('coco_mini') / 'val2017'
        return min(folder.glob('*.jpg'))
    pixels = scene()['inputs'].permute(1, 2, 0).numpy()
    cv2.imwrite(str(tmp_path / 'scene.png'), pixels)
    return tmp_path / 'scene.png'


def test_export_is_compared_on_real_features(
    packages, trained, tmp_path, monkeypatch, capsys, image
):
    out = tmp_path / 'new' / 'head.onnx'
    run(
        monkeypatch,
        *(trained.config, trained.checkpoint, out, '--image', image),
    )
    printed = capsys.readouterr().out
    assert 'random inputs: largest difference' in printed
    assert f'{image}: largest difference' in printed
    assert 'over 10 RoIs' in printed
    assert [path.name for path in out.parent.iterdir()] == ['head.onnx']
    assert parity.open_session(out).get_modelmeta().custom_metadata_map


@pytest.mark.parametrize('image', ['drawn'], indirect=True)
def test_whole_detector_is_compared_on_an_image(
    packages, trained, tmp_path, monkeypatch, capsys, image
):
    out = tmp_path / 'all.onnx'
    arguments = trained.config, trained.checkpoint, out, '--detector'
    run(monkeypatch, *arguments, '--image', image)
    printed = capsys.readouterr().out
    assert f'{image}: 10 detections are the same, of 10 of' in printed
    session = parity.open_session(out)
    assert (
        '"a", "b", "c"'
        in session.get_modelmeta().custom_metadata_map['classes']
    )
    (entry,) = session.get_inputs()
    assert entry.shape == [1, 3, 'height', 'width']
    shapes = {o.name: (o.type, o.shape) for o in session.get_outputs()}
    n = 'num_detections'
    assert shapes == dict(
        boxes=('tensor(float)', [n, 4]),
        labels=('tensor(int64)', [n]),
        scores=('tensor(float)', [n]),
        mask_probs=('tensor(float)', [n, 28, 28]),
        mask_ious=('tensor(float)', [n]),
        mask_scores=('tensor(float)', [n]),
    )
    with pytest.raises(Exception, match='Got invalid dimensions for input'):
        session.run(None, dict(image=np.zeros((2, 3, 64, 64), 'f4')))


@pytest.mark.parametrize('image', ['drawn'], indirect=True)
@pytest.mark.parametrize('weights', ['float16', 'int8'])
@pytest.mark.slow
def test_smaller_weights(
    packages, trained, tmp_path, monkeypatch, capsys, image, weights
):
    out = tmp_path / 'all.onnx'
    arguments = [trained.config, trained.checkpoint, out, '--detector']
    arguments += ['--weights', weights, '--image', image]
    if weights == 'int8':
        arguments += ['--calibrate', image.parent]
    run(monkeypatch, *arguments)
    printed = capsys.readouterr().out
    assert f'with {weights}: 10 detections' in printed
    assert 'tools/test_onnx.py' in printed
    assert len(Detector(out)(cv2.imread(str(image)))) == 10


@pytest.mark.parametrize(
    'arguments',
    [
        ['--detector', '--weights', 'int8'],
        ['--detector', '--calibrate', 'folder'],
        ['--weights', 'float16'],
    ],
)
def test_options_that_do_not_go_together(monkeypatch, capsys, arguments):
    with pytest.raises(SystemExit):
        run(monkeypatch, 'config', 'checkpoint', 'out', *arguments)
    message = capsys.readouterr().err
    assert 'belong together' in message or 'needs --detector' in message


def test_detector_that_differs_is_not_written(
    packages, trained, tmp_path, monkeypatch
):
    def other(session, *args):
        return Agreement(expected=10, found=10, matched=5)

    monkeypatch.setattr(TOOL, 'image_agreement', other)
    monkeypatch.setattr(TOOL, 'write_detector', lambda *args: None)
    monkeypatch.setattr(TOOL, 'open_session', lambda path: None)
    out = tmp_path / 'all.onnx'
    image = tmp_path / 'scene.png'
    cv2.imwrite(str(image), scene()['inputs'].permute(1, 2, 0).numpy())
    arguments = trained.config, trained.checkpoint, out, '--detector'
    with pytest.raises(SystemExit, match='5 detections are the same'):
        run(monkeypatch, *arguments, '--image', image)
    assert list(tmp_path.iterdir()) == [image]


def test_file_that_differs_is_not_written(
    packages, trained, tmp_path, monkeypatch
):
    out = tmp_path / 'head.onnx'
    out.write_text('old')
    predict = MaskIoUHead.predict_by_feat

    def other(self, mask_iou_preds, results_list):
        results_list = predict(self, mask_iou_preds, results_list)
        results_list[0].mask_ious += 0.01
        return results_list

    monkeypatch.setattr(MaskIoUHead, 'predict_by_feat', other)
    image = tmp_path / 'scene.png'
    cv2.imwrite(str(image), scene()['inputs'].permute(1, 2, 0).numpy())
    with pytest.raises(SystemExit, match='differ by 1.0e-02'):
        run(
            monkeypatch,
            *(trained.config, trained.checkpoint, out, '--image', image),
        )
    assert out.read_text() == 'old'
    assert set(tmp_path.iterdir()) == {out, image}


def test_without_a_runtime_the_file_is_written_unchecked(
    packages, trained, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(TOOL, 'has_runtime', lambda: False)
    out = tmp_path / 'head.onnx'
    run(monkeypatch, trained.config, trained.checkpoint, out)
    assert 'Not compared' in capsys.readouterr().out
    assert parity.open_session(out)


def test_missing_file_is_named(trained, tmp_path, monkeypatch):
    out = tmp_path / 'head.onnx'
    with pytest.raises(SystemExit, match='none.pth is not a file'):
        run(monkeypatch, trained.config, tmp_path / 'none.pth', out)
    assert not out.exists()


@pytest.mark.parametrize(
    ('names', 'options', 'message'),
    [
        (('a.py', 'a.pth', 'a.pth'), [], "the suffix '.pth'; .* in .onnx"),
        (('a.py', 'a.pth', 'out'), [], "the suffix ''; .* in .onnx"),
        (('a.py', 'a.onnx', 'a.onnx'), [], 'a.onnx is an input'),
        (
            ('a.py', 'a.pth', 'out.onnx'),
            ['--detector', '--weights', 'int8', '--calibrate', 'nope'],
            '--calibrate nope is not a folder',
        ),
    ],
)
def test_output_is_checked_first(
    tmp_path, monkeypatch, names, options, message
):
    def load(*args):
        raise AssertionError('a model was loaded')

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(TOOL, 'load_detector', load)
    monkeypatch.setattr(TOOL, 'load_scorer', load)
    for name in names[:2]:
        (tmp_path / name).write_text('content')
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, *names, *options)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(names[:2])
    assert (tmp_path / names[1]).read_text() == 'content'


@pytest.mark.parametrize('content', [b'', b'text'])
@pytest.mark.parametrize('options', [[], ['--detector']])
def test_an_image_is_checked_first(
    trained, tmp_path, monkeypatch, content, options
):
    def load(*args):
        raise AssertionError('a model was loaded')

    monkeypatch.setattr(TOOL, 'load_detector', load)
    monkeypatch.setattr(TOOL, 'load_scorer', load)
    image = tmp_path / 'a.png'
    image.write_bytes(content)
    files = trained.config, trained.checkpoint, tmp_path / 'out.onnx'
    with pytest.raises(SystemExit, match='a.png is not an image'):
        run(monkeypatch, *files, '--image', image, *options)


def test_snippet_of_the_documentation(packages, tmp_path, monkeypatch):
    page = (ROOT / 'docs/export.md').read_text()
    (snippet,) = re.findall(r'```python\n(.+?)```', page, re.DOTALL)
    # The head of the demo.
    head = MaskScoreHead(
        num_classes=10,
        in_channels=64,
        conv_out_channels=64,
        fc_out_channels=256,
    ).eval()
    write_onnx(MaskIoUScorer(head, 28), tmp_path / 'demo.onnx')
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(snippet, names)
    assert names['mask_ious'].shape == names['mask_scores'].shape == (5,)
