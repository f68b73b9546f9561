"""Outputs of the demo, and inputs that it must keep."""

import json
import sys

import pytest
import torch
from mmengine.config import Config

from tests.helpers import ROOT, build_model, load_tool

TOOL = ROOT / 'tools/image_demo.py'


@pytest.fixture(scope='module')
def checkpoint(workspace):
    cfg = Config.fromfile(workspace.config)
    path = workspace.folder / 'random.pth'
    meta = dict(dataset_meta=dict(cfg.metainfo))
    state = build_model(cfg).state_dict()
    torch.save(dict(meta=meta, state_dict=state), path)
    return path


def test_standard_output_is_json_lines(workspace, checkpoint, tmp_path):
    images = workspace.folder / 'digits/val'
    (images / 'bad.png').write_text('no image')
    arguments = images, workspace.config, checkpoint, '--out-dir', tmp_path
    done = workspace.run_warm(
        TOOL, *arguments, '--json-lines', '-', check=False
    )
    (images / 'bad.png').unlink()
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(records) == 3
    assert done.returncode == 1
    assert 'bad.png' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ('source', 'options', 'message'),
    [
        ('out/vis/a.png', [], 'a.png could be overwritten'),
        ('out', [], 'a.png could be overwritten'),
        ('a.png', ['--json-lines', 'a.png'], 'a.png could be overwritten'),
        ('a.png', ['--json-lines', 'model.pth'], 'model.pth could be'),
        ('a.png', ['--thresholds', 'a.png'], '2'),
        (
            'a.png',
            [
                *('--score-thr', 'auto', '--thresholds', 'out/preds/r.json'),
                *('--json-lines', 'b.jsonl'),
            ],
            'r.json could be overwritten',
        ),
        (
            'a.png',
            [
                *('--score-thr', 'auto', '--thresholds', 'r.json'),
                *('--json-lines', 'r.json'),
            ],
            'r.json could be overwritten',
        ),
        ('none', [], 'none does not exist'),
        (
            'a.png',
            ['--score-thr', 'auto', '--thresholds', 'nope.json'],
            'nope.json does not exist',
        ),
        (
            'a.png',
            ['--score-thr', 'auto', '--thresholds', 'a.png'],
            'a.png is not a report.json of tools/analyze_results.py',
        ),
        ('a.png', ['--json-lines', 'no/a.jsonl'], 'folder of --json-lines no'),
        ('a.png', [], 'model.pth was not loaded.*Give the .*.pth file'),
    ],
)
def test_inputs_are_kept(
    monkeypatch, tmp_path, capsys, source, options, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'out/vis').mkdir(parents=True)
    for name in ('a.png', 'out/vis/a.png', 'config.py', 'model.pth'):
        (tmp_path / name).write_text('content')
    command = [source, 'config.py', 'model.pth', '--out-dir', 'out', *options]
    monkeypatch.setattr(sys, 'argv', ['image_demo.py', *command])
    tool = load_tool('image_demo')
    if 'was not loaded' not in message:
        monkeypatch.setattr(tool, 'read_checkpoint', lambda path: {})
    with pytest.raises(SystemExit, match=message) as raised:
        tool.main()
    assert 'weights_only' not in str(raised.value)
    for path in (tmp_path / 'a.png', tmp_path / 'out/vis/a.png'):
        assert path.read_text() == 'content'


def test_config_and_checkpoint_are_swapped(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ('a.png', 'config.py', 'model.pth'):
        (tmp_path / name).write_text('content')
    command = 'a.png', 'model.pth', 'config.py', '--out-dir', 'out'
    monkeypatch.setattr(sys, 'argv', ['image_demo.py', *command])
    said = 'model.pth is not a config; the order is IMAGE CONFIG CHECKPOINT'
    with pytest.raises(SystemExit, match=said):
        load_tool('image_demo').main()


def test_what_is_done_and_left_out_is_said(workspace, checkpoint, tmp_path):
    """A picture that fails, a video in the folder, and chosen thresholds."""
    folder = tmp_path / 'images'
    folder.mkdir()
    for name in ('bad.png', 'b.mp4', 'A.MOV', 'notes.txt'):
        (folder / name).write_text('no image')
    classes = Config.fromfile(workspace.config).metainfo['classes']
    point = dict(threshold=0.1426)
    figures = dict(f1={'0.5': point, '0.75': point})
    found = dict(pooled=figures, classes=dict.fromkeys(classes, figures))
    report = tmp_path / 'report.json'
    rankings = dict(mask_score=found, class_score=found)
    report.write_text(json.dumps(dict(thresholds=dict(a=rankings))))
    done = workspace.run_warm(
        *(TOOL, folder, workspace.config, checkpoint),
        *('--out-dir', tmp_path / 'out'),
        *('--score-thr', 'auto', '--thresholds', report),
        check=False,
    )
    assert done.returncode == 1
    *_, message, failed = done.stderr.splitlines()
    assert message.startswith(f'Wrote 0 of 1 to {tmp_path}/out/vis and ')
    assert f'Skipped videos: {folder}/A.MOV, {folder}/b.mp4;' in message
    assert message.endswith('Skipped 1 other files')
    assert 'bad.png cannot be read as an image' in failed
    assert 'AssertionError' not in done.stderr
    line = f'score threshold of {classes[0]}: 0.143 (mask score, best F1 at'
    assert line in done.stderr
