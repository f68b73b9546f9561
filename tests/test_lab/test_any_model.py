"""tools/score_any.py, and what users do with its files."""

import json
import re
import shutil

import pytest
import torch
from mmdet.apis import inference_detector, init_detector
from mmengine.config import Config

from mmdet_msrcnn.apis import MaskScoringInferencer
from mmdet_msrcnn.export.parity import image_cases
from mmdet_msrcnn.export.scorer import load_scorer
from mmdet_msrcnn.lab.any_model import summary
from mmdet_msrcnn.lab.model_zoo.release import release
from mmdet_msrcnn.utils.configs import read_config
from tests.coco_data import ellipses, write_coco
from tests.helpers import ROOT, load_tool
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    build_small,
    small_model,
)

NAME = 'CondInst'


def write_inputs(folder):
    """Write data, config and checkpoint of a small detector."""
    images = [ellipses(1 + seed % 3, seed) for seed in range(4)]
    ann_file = str(write_coco(folder, images))
    cfg = read_config(f'mmdet::{MODEL_CONFIGS[NAME]}')
    cfg.model = small_model(NAME)
    data = dict(
        ann_file=ann_file,
        data_root='',
        data_prefix=dict(img=str(folder)),
        metainfo=dict(classes=['class 1']),
    )
    cfg.model.bbox_head.num_classes = 1
    for name in ('train', 'test'):
        cfg[f'{name}_dataloader'].num_workers = 0
        cfg[f'{name}_dataloader'].persistent_workers = False
        dataset = cfg[f'{name}_dataloader'].dataset
        while 'dataset' in dataset:
            dataset = dataset.dataset
        dataset.update(data)
    for step in cfg.test_dataloader.dataset.pipeline:
        if step.type == 'Resize':
            step.update(scale=(192, 160))
    cfg.test_evaluator.ann_file = ann_file
    config, checkpoint = folder / 'condinst.py', folder / 'condinst.pth'
    cfg.dump(config)
    torch.manual_seed(0)
    detector = build_small(NAME, num_classes=1)
    torch.save(dict(state_dict=detector.state_dict()), checkpoint)
    return config, checkpoint


@pytest.fixture(scope='module')
def scored(tmp_path_factory):
    """Folder that the tool has written, and its arguments."""
    folder = tmp_path_factory.mktemp('any')
    config, checkpoint = write_inputs(folder)
    # mmengine removes spaces from options.
    out = folder / 'an out dir'
    args = ['score_any.py', config, checkpoint, '--out-dir', out]
    args = [*map(str, args), '--epochs', '1']
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('sys.argv', args)
        load_tool('score_any').main()
    return out, args


def test_outputs(scored):
    out, _ = scored
    assert (out / 'report/report.md').is_file()
    metrics = json.loads((out / 'result.json').read_text())['metrics']
    assert {'class_score', 'mask_score', 'oracle'} <= {*metrics}
    assert set(metrics['run']) == {'seconds_per_image', 'mask_iou_head_gmac'}
    cfg = Config.fromfile(out / 'config.py')
    assert cfg.model.type == 'mmdet_msrcnn.MaskScoredDetector'
    state = torch.load(out / 'model.pth', weights_only=True)['state_dict']
    assert {name.split('.')[0] for name in state} == {
        'detector',
        'mask_iou_head',
    }


def test_a_second_run_does_nothing_again(scored, monkeypatch, capsys):
    out, args = scored
    before = (out / 'train.log').read_text()
    monkeypatch.setattr('sys.argv', args)
    load_tool('score_any').main()
    assert (out / 'train.log').read_text() == before
    printed = capsys.readouterr().out
    assert re.search("mask AP by the model's own score: [0-9]", printed)
    assert f'Report: {out / "report/report.md"}' in printed


def test_another_config_in_the_folder_is_an_error(scored, monkeypatch):
    _, args = scored
    monkeypatch.setattr('sys.argv', [*args, '--seed', '3'])
    with pytest.raises(SystemExit, match='another config: randomness.seed'):
        load_tool('score_any').main()


def test_option_without_effect_is_an_error(scored, monkeypatch):
    _, args = scored
    options = ['--cfg-options', 'train_cfg.max_gb=3']
    monkeypatch.setattr('sys.argv', [*args, *options])
    with pytest.raises(SystemExit, match='train_cfg.max_gb has no effect'):
        load_tool('score_any').main()


@pytest.mark.slow
def test_training_without_a_cache(scored, monkeypatch, tmp_path):
    _, args = scored
    args = [*args, '--cache-gb', '0']
    args[args.index('--out-dir') + 1] = str(tmp_path / 'out')
    monkeypatch.setattr('sys.argv', args)
    load_tool('score_any').main()
    assert not (tmp_path / 'out/feature_cache').exists()
    assert (tmp_path / 'out/model.pth').is_file()


@pytest.mark.parametrize('kind', ['config', 'checkpoint'])
def test_missing_inputs(scored, monkeypatch, kind):
    _, args = scored
    args = list(args)
    args[1 + (kind == 'checkpoint')] = 'missing/file'
    monkeypatch.setattr('sys.argv', args)
    with pytest.raises(SystemExit, match='missing/file'):
        load_tool('score_any').main()


def test_inference_has_mask_scores(scored):
    out, _ = scored
    image = str(out.parent / '1.png')
    model = init_detector(
        str(out / 'config.py'), str(out / 'model.pth'), device='cpu'
    )
    expected = inference_detector(model, image).pred_instances
    assert len(expected) > 0
    inferencer = MaskScoringInferencer(
        str(out / 'config.py'), str(out / 'model.pth'), device='cpu'
    )
    found = inferencer(image, out_dir=str(out / 'vis'), no_save_pred=False)[
        'predictions'
    ][0]
    assert found['mask_scores'] == pytest.approx(expected.mask_scores.tolist())
    assert list((out / 'vis').rglob('*.png'))


def test_export_of_the_scorer(scored):
    out, _ = scored
    files = out / 'config.py', out / 'model.pth'
    scorer = load_scorer(*files)
    (case,) = image_cases(*files, out.parent / '1.png')
    inputs, outputs = case
    for own, expected in zip(scorer(*inputs), outputs, strict=True):
        torch.testing.assert_close(own, expected, atol=1e-5, rtol=0)


def test_publish(scored, tmp_path):
    out, _ = scored
    folder = tmp_path / 'configs/any_model'
    folder.mkdir(parents=True)
    shutil.copy(ROOT / 'configs/any_model/metafile.yml', folder)
    shutil.copy(out / 'config.py', folder / 'condinst_scored.py')
    path = release(
        out / 'model.pth',
        tmp_path,
        folder / 'condinst_scored.py',
        out / 'report/report.json',
        image=out.parent / '1.png',
    )
    published = torch.load(path, weights_only=True)
    assert 'optimizer' not in published
    (card,) = tmp_path.glob('*.md')
    assert 'probability that each is a true positive' in card.read_text()


def test_summary(tmp_path):
    metrics = {
        name: dict(mAP=value)
        for name, value in (
            ('class_score', 0.5),
            ('mask_score', 0.512),
            ('oracle', 0.54),
        )
    }
    result = dict(metrics=dict(metrics, statistics=dict(share=0.3)))
    assert summary(result, tmp_path).splitlines() == [
        "mask AP by the model's own score: 50.0",
        'mask AP by mask score: 51.2',
        'mask AP by oracle: 54.0',
        'share of the possible gain: 30 %',
        f'Report: {tmp_path / "report/report.md"}',
    ]
