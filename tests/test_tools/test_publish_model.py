"""Publishing a model and using what was published."""

import hashlib
import json
import sys

import pytest
import torch
import yaml
from mmdet.apis import inference_detector, init_detector
from mmengine.config import Config

from tests.helpers import Hostile, build_model, load_tool

publish_model = load_tool('publish_model')
NAME = 'ms-rcnn_r18_fpn_tiny'
ROW = {
    'box AP': 0.29149,
    'class_score': 0.2,
    'mask_score': 0.25,
    'oracle': 0.3,
    'share': 0.5,
    'pearson': 0.6,
    'mae': 0.1,
}


@pytest.fixture
def folder(workspace, tmp_path):
    """A config folder as in ``configs``, a checkpoint and a report."""
    configs = tmp_path / 'tiny_rcnn'
    configs.mkdir()
    text = workspace.config.read_text()
    (configs / f'{NAME}.py').write_text(text)
    collection = dict(Name='Tiny', Metadata={'Training Data': 'digits'})
    metafile = dict(Collections=[collection])
    (configs / 'metafile.yml').write_text(yaml.safe_dump(metafile))
    cfg = Config.fromfile(configs / f'{NAME}.py')
    classes = cfg.metainfo['classes']
    meta = dict(
        epoch=4,
        dataset_meta=dict(classes=classes),
        cfg="work_dir = '/home/someone'",
    )
    state = build_model(cfg).state_dict()
    content = dict(meta=meta, state_dict=state, optimizer=dict())
    torch.save(content, tmp_path / 'epoch_4.pth')
    report = dict(models=dict(a=dict(row=ROW, intervals={})), max_dets=100)
    (tmp_path / 'report.json').write_text(json.dumps(report))
    return tmp_path


def run(monkeypatch, folder, *arguments, config=None):
    config = config or folder / f'tiny_rcnn/{NAME}.py'
    command = [
        'publish_model.py',
        folder / 'epoch_4.pth',
        folder / 'out',
        f'--config={config}',
        f'--results={folder}/report.json',
        *arguments,
    ]
    monkeypatch.setattr(sys, 'argv', [str(part) for part in command])
    publish_model.main()


def test_files_entry_and_card(folder, monkeypatch, capsys, workspace):
    zoo = folder / 'zoo'
    url = 'http://127.0.0.1:1/zoo/'
    run(monkeypatch, folder, f'--url={url}', f'--zoo-dir={zoo}')
    assert 'detections of' in capsys.readouterr().out
    (path,) = (folder / 'out').glob('*.pth')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.stem.endswith(f'-{digest[:8]}')
    files = {path.name, f'{path.stem}.md', f'{NAME}.py'}
    assert {f.name for f in (folder / 'out').iterdir()} == files
    served = zoo / 'tiny_rcnn' / NAME
    assert {f.name for f in served.iterdir()} == files

    expected = dict(
        {
            'Name': NAME,
            'In Collection': 'Tiny',
            'Config': f'configs/tiny_rcnn/{NAME}.py',
            'Metadata': {'Epochs': 4, 'SHA256': digest},
        },
        Results=[
            {
                'Task': 'Object Detection',
                'Dataset': 'digits',
                'Metrics': {'box AP': 29.1},
            },
            {
                'Task': 'Instance Segmentation',
                'Dataset': 'digits',
                'Metrics': {
                    'mask AP': 25.0,
                    'mask AP by class score': 20.0,
                    'mask AP by oracle': 30.0,
                },
            },
        ],
        Weights=f'{url}tiny_rcnn/{NAME}/{path.name}',
    )
    for metafile in (folder / 'tiny_rcnn', zoo / 'tiny_rcnn'):
        content = yaml.safe_load((metafile / 'metafile.yml').read_text())
        assert content['Models'] == [expected]

    card = path.with_suffix('.md').read_text()
    for text in (digest, '10 classes: 0, 1', '| mask AP by oracle | 30.0 |'):
        assert text in card
    for file in (folder / 'out').iterdir():
        assert b'/home/' not in file.read_bytes()
        assert str(workspace.folder).encode() not in file.read_bytes()


def test_what_was_published_detects_as_before(folder, monkeypatch, workspace):
    run(monkeypatch, folder)
    (path,) = (folder / 'out').glob('*.pth')
    image = str(next((workspace.folder / 'digits/val').glob('*.png')))
    before, after = (
        inference_detector(
            init_detector(str(config), str(weights), device='cpu'), image
        ).pred_instances
        for config, weights in (
            (folder / f'tiny_rcnn/{NAME}.py', folder / 'epoch_4.pth'),
            (folder / f'out/{NAME}.py', path),
        )
    )
    assert len(before) > 0
    for field, value in before.items():
        assert torch.equal(value, after[field])


def hostile(folder):
    content = dict(state_dict=Hostile(folder / 'trace'))
    torch.save(content, folder / 'epoch_4.pth')


def other_classes(folder):
    content = torch.load(folder / 'epoch_4.pth', weights_only=True)
    key = 'roi_head.mask_iou_head.fc_mask_iou.bias'
    content['state_dict'][key] = torch.zeros(3)
    torch.save(content, folder / 'epoch_4.pth')


def two_models(folder):
    one = dict(row=ROW, intervals={})
    report = dict(models=dict(a=one, b=one), max_dets=100)
    (folder / 'report.json').write_text(json.dumps(report))


def no_collection(folder):
    (folder / 'tiny_rcnn/metafile.yml').unlink()


CASES = {
    'hostile': (hostile, 'was not loaded'),
    'other classes': (other_classes, 'fc_mask_iou.bias'),
    'two models': (two_models, 'is not the report of one model'),
    'no collection': (no_collection, 'has no collection'),
}


@pytest.mark.parametrize('case', CASES)
def test_nothing_is_published_on_an_error(folder, monkeypatch, case):
    spoil, message = CASES[case]
    spoil(folder)
    metafile = folder / 'tiny_rcnn/metafile.yml'
    before = metafile.read_text() if metafile.exists() else None
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, folder)
    assert not list(folder.glob('out/*'))
    assert not (folder / 'trace').exists()
    assert before is None or metafile.read_text() == before


def test_freeze_config_is_published_as_any_other(folder, monkeypatch):
    # Its load_from names a file of one machine.
    config = folder / 'tiny_rcnn/ms-rcnn_r18_fpn_freeze_tiny.py'
    base = folder / f'tiny_rcnn/{NAME}.py'
    config.write_text(
        f"_base_ = {str(base)!r}\nload_from = '/home/someone/a.pth'\n"
        "model = dict(type='mmdet_msrcnn.FrozenTwoStageDetector')\n"
    )
    run(monkeypatch, folder, config=config)
    (path,) = (folder / 'out').glob('*.pth')
    assert path.name.startswith('ms-rcnn_r18_fpn_freeze_tiny_')
    assert b'someone' not in path.read_bytes()
