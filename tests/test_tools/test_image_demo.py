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
    done = workspace.run(TOOL, *arguments, '--json-lines', '-', check=False)
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
        ('none', [], 'none does not exist'),
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
    with pytest.raises(SystemExit, match=message):
        load_tool('image_demo').main()
    for path in (tmp_path / 'a.png', tmp_path / 'out/vis/a.png'):
        assert path.read_text() == 'content'
