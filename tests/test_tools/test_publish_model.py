"""Publishing a model and using the published files."""

import hashlib
import json
import sys

import pytest
import torch
import yaml
from mmdet.apis import inference_detector, init_detector
from mmengine.config import Config

from mmdet_msrcnn.apis import MaskScoringInferencer
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
    write_report(tmp_path, a=dict(row=ROW, intervals={}))
    return tmp_path


def run(monkeypatch, folder, *arguments, config=None, out=None):
    config = config or folder / f'tiny_rcnn/{NAME}.py'
    command = [
        'publish_model.py',
        folder / 'epoch_4.pth',
        out or folder / 'out',
        f'--config={config}',
        f'--results={folder}/report.json',
        *arguments,
    ]
    monkeypatch.setattr(sys, 'argv', [str(part) for part in command])
    publish_model.main()


def models_of(metafile):
    return yaml.safe_load(metafile.read_text()).get('Models', [])


def test_files_entry_and_card(folder, monkeypatch, capsys, workspace):
    zoo = folder / 'zoo'
    url = 'http://127.0.0.1:1/zoo/'
    run(monkeypatch, folder, f'--url={url}', f'--zoo-dir={zoo}')
    assert 'detections on' in capsys.readouterr().out
    (path,) = (folder / 'out').glob('*.pth')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    date, start = path.stem.removeprefix(f'{NAME}_').split('-')
    assert (len(date), start) == (8, digest[:8])
    files = {path.name, f'{path.stem}.md', f'{NAME}.py'}
    served = zoo / 'tiny_rcnn' / NAME
    for place in (folder / 'out', served):
        assert {f.name for f in place.iterdir()} == files
        assert (place / path.name).read_bytes() == path.read_bytes()

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
    for place in (folder / 'tiny_rcnn', zoo / 'tiny_rcnn'):
        assert models_of(place / 'metafile.yml') == [expected]

    card = path.with_suffix('.md').read_text()
    for text in (
        digest,
        '10 classes: 0, 1',
        '| mask AP by oracle | 30.0 |',
        '| epochs | 4 |',
        'pred.mask_ious',
        'Weights: Apache-2.0',
    ):
        assert text in card
    for file in (folder / 'out').iterdir():
        assert b'/home/' not in file.read_bytes()
        assert str(workspace.folder).encode() not in file.read_bytes()


def test_what_was_published_detects_as_before(folder, monkeypatch, workspace):
    metafile = folder / 'tiny_rcnn/metafile.yml'
    before = metafile.read_text()
    run(monkeypatch, folder)
    # Without an address there is nothing to download.
    assert metafile.read_text() == before
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
    # It also draws.
    inferencer = MaskScoringInferencer(
        str(folder / f'out/{NAME}.py'), str(path), device='cpu'
    )
    out = folder / 'drawn'
    inferencer(image, out_dir=str(out), no_save_pred=False)
    assert len(list((out / 'vis').iterdir())) == 1
    (pred,) = (out / 'preds').iterdir()
    assert 'mask_scores' in json.loads(pred.read_text())


def test_config_folder_without_a_metafile(folder, monkeypatch):
    (folder / 'tiny_rcnn/metafile.yml').unlink()
    with pytest.raises(SystemExit, match='metafile.yml does not exist'):
        run(monkeypatch, folder)


def write_variant(folder, name, *lines):
    """A config that inherits the tiny one."""
    path = folder / f'tiny_rcnn/{name}.py'
    base = str(folder / f'tiny_rcnn/{NAME}.py')
    path.write_text('\n'.join([f'_base_ = {base!r}', *lines]))
    return path


def card_of(folder):
    (path,) = (folder / 'out').glob('*.md')
    return path.read_text()


def test_frozen_detector_says_where_it_started(folder, monkeypatch):
    config = write_variant(
        folder,
        'ms-rcnn_r18_fpn_freeze_tiny',
        "load_from = '/home/someone/mask.pth'",
        "model = dict(type='mmdet_msrcnn.FrozenTwoStageDetector')",
    )
    run(monkeypatch, folder, config=config)
    assert '| starts from | mask.pth |' in card_of(folder)
    (path,) = (folder / 'out').glob('*.pth')
    assert b'someone' not in path.read_bytes()


def test_twin_has_a_card_of_its_own(folder, monkeypatch):
    config = write_variant(
        folder,
        'mask-rcnn_r18_fpn_tiny',
        "model = dict(roi_head=dict(type='StandardRoIHead',",
        '    mask_iou_head=None))',
    )
    cfg = Config.fromfile(config)
    del cfg.model.roi_head['mask_iou_head']
    cfg.dump(config)
    content = torch.load(folder / 'epoch_4.pth', weights_only=True)
    state = content['state_dict']
    for key in [key for key in state if 'mask_iou_head' in key]:
        del state[key]
    torch.save(content, folder / 'epoch_4.pth')
    row = {key: ROW[key] for key in ('box AP', 'class_score')}
    write_report(folder, a=dict(row=row))
    run(monkeypatch, folder, '--url=http://x', config=config)
    card = card_of(folder)
    assert 'the twin of a Mask Scoring' in card
    assert 'mask_ious' not in card
    (entry,) = models_of(folder / 'tiny_rcnn/metafile.yml')
    assert entry['Results'][1]['Metrics'] == {'mask AP': 20.0}


def test_iterations_and_data_set_of_the_config(folder, monkeypatch):
    config = write_variant(
        folder,
        'ms-rcnn_r18_fpn_cityscapes',
        "train_cfg = dict(_delete_=True, type='IterBasedTrainLoop',",
        '    max_iters=70)',
        'train_dataloader = dict(dataset=dict(_delete_=True,',
        "    type='RepeatDataset', times=2, dataset=dict(",
        "    type='CityscapesDataset', ann_file='a.json')))",
    )
    run(monkeypatch, folder, '--url=http://x', config=config)
    (entry,) = models_of(folder / 'tiny_rcnn/metafile.yml')
    assert entry['Metadata']['Iterations'] == 70
    assert {r['Dataset'] for r in entry['Results']} == {'Cityscapes'}
    assert 'trained on `a.json`' in card_of(folder)


def write_report(folder, **models):
    report = dict(models=models, max_dets=100)
    (folder / 'report.json').write_text(json.dumps(report))


def hostile(folder):
    content = dict(state_dict=Hostile(folder / 'trace'))
    torch.save(content, folder / 'epoch_4.pth')


def other_classes(folder):
    content = torch.load(folder / 'epoch_4.pth', weights_only=True)
    key = 'roi_head.mask_iou_head.fc_mask_iou.bias'
    content['state_dict'][key] = torch.zeros(3)
    torch.save(content, folder / 'epoch_4.pth')


def two_models(folder):
    write_report(folder, a=dict(row=ROW), b=dict(row=ROW))


def empty_row(folder):
    write_report(folder, a=dict(row={}))


def words_for_figures(folder):
    write_report(folder, a=dict(row=dict(ROW, share='much')))


def metafile_of(text):
    def spoil(folder):
        (folder / 'tiny_rcnn/metafile.yml').write_text(text)

    return spoil


def no_folder(folder):
    (folder / 'out').write_text('a file')


CASES = {
    'hostile': (hostile, 'was not loaded'),
    'other classes': (other_classes, 'fc_mask_iou.bias'),
    'two models': (two_models, 'is not the report of one model'),
    'empty row': (empty_row, 'is not the report of one model'),
    'words': (words_for_figures, 'is not the report of one model'),
    'no collection': (metafile_of(''), 'has no collection'),
    'no data': (
        metafile_of('Collections: [{Name: a}]'),
        'has no collection with Training Data',
    ),
    'no metafile': (metafile_of('a: [b: {'), 'is not a metafile'),
    'a file for a folder': (no_folder, 'exists|Not a directory'),
}


@pytest.mark.parametrize('case', CASES)
def test_nothing_is_published_on_an_error(folder, monkeypatch, case):
    spoil, message = CASES[case]
    spoil(folder)
    metafile = folder / 'tiny_rcnn/metafile.yml'
    before = metafile.read_text()
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, folder, '--url=http://x')
    assert not list(folder.glob('out/*'))
    assert not (folder / 'trace').exists()
    assert metafile.read_text() == before


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--url=../x y'], 'is not a URL'),
        (['--zoo-dir=zoo'], 'needs --url'),
        (['--image=none.png'], 'none.png does not exist'),
        (['--config=none.py'], 'none.py does not exist'),
    ],
)
def test_bad_argument_is_named(folder, monkeypatch, arguments, message):
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, folder, *arguments)


def test_the_config_is_not_overwritten(folder, monkeypatch):
    config = folder / f'tiny_rcnn/{NAME}.py'
    before = config.read_text()
    with pytest.raises(SystemExit, match='would be overwritten'):
        run(monkeypatch, folder, out=config.parent)
    assert config.read_text() == before
    assert not list(config.parent.glob('*.pth'))
