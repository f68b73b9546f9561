"""The command line of convert_checkpoint."""

import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from tests.helpers import Hostile, build_model, load_tool
from tests.test_checkpoints.authors_model import checkpoint
from tests.test_checkpoints.cases import small_r50_config


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the tool on a file of ``tmp_path``, writing to its ``out``."""
    small_r50_config().dump(tmp_path / 'config.py')

    def command(path: Path, *arguments: str) -> Path:
        out = tmp_path / 'out'
        argv = ['convert', path, out, '--config', tmp_path / 'config.py']
        monkeypatch.setattr(sys, 'argv', [*map(str, argv), *arguments])
        load_tool('convert_checkpoint').main()
        return out

    return command


@pytest.mark.parametrize('new_format', [True, False])
def test_authors_checkpoint(run, tmp_path, capsys, new_format):
    path = tmp_path / 'model_final.pth'
    content = checkpoint(num_classes=2)
    torch.save(content, path, _use_new_zipfile_serialization=new_format)
    options = [
        f'model.roi_head.{head}.num_classes=2'
        for head in ('bbox_head', 'mask_head')
    ]
    out = run(path, '--cfg-options', *options)
    assert {p.name for p in out.iterdir()} == {
        'model_final.pth',
        'model_final.py',
    }
    model = build_model(Config.fromfile(out / 'model_final.py'))
    load_checkpoint(model, str(out / 'model_final.pth'), 'cpu', strict=True)
    assert model.roi_head.bbox_head.num_classes == 2
    printed = capsys.readouterr().out
    assert 'maskrcnn-benchmark: ' in printed
    assert 'Not needed: rpn.anchor_generator.cell_anchors.0, ' in printed
    assert 'Set in the config: model.backbone.style=caffe' in printed
    assert 'Note: Masks: ' in printed


def hostile(path: Path) -> None:
    torch.save(dict(model=Hostile(path.with_name('trace'))), path)


CASES = {
    'hostile': (hostile, 'was not loaded'),
    'cut off': (
        lambda p: p.write_bytes(b'PK\x03\x04 and no more'),
        'is incomplete or not a checkpoint',
    ),
    'web page': (lambda p: p.write_text('<html></html>'), 'web page'),
    'absent': (lambda p: None, 'does not exist'),
    'other': (
        lambda p: torch.save(dict(model=dict(a=torch.ones(1))), p),
        'none of the formats',
    ),
}


@pytest.mark.parametrize('case', CASES)
def test_other_files_are_refused_in_one_sentence(run, tmp_path, case):
    write, message = CASES[case]
    path = tmp_path / 'model.pth'
    write(path)
    with pytest.raises(SystemExit, match=message):
        run(path)
    assert not (tmp_path / 'trace').exists()
    assert not (tmp_path / 'out').exists()


def test_the_input_is_not_overwritten(run, tmp_path):
    path = tmp_path / 'out/model.pth'
    path.parent.mkdir()
    torch.save(checkpoint(), path)
    before = path.read_bytes()
    with pytest.raises(SystemExit, match='would be overwritten'):
        run(path)
    assert path.read_bytes() == before
