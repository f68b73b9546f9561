"""One command per table, on a tiny model and data set."""

import json
import re
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction import (
    Recipe,
    Row,
    Run,
    Table,
    execute,
    write_submission,
)
from mmdet_msrcnn.lab.reproduction.paper import Column
from mmdet_msrcnn.lab.reproduction.protocols import use_maskness
from mmdet_msrcnn.lab.reproduction.schedule import runs_of
from tests.helpers import ROOT, load_tool, squeezed

reproduce_tables = load_tool('reproduce_tables')

TABLE = Table(
    'Heads',
    (Column('mask AP', 'mask', 'mAP'), Column('box AP', 'box', 'mAP')),
    (
        Row('Mask R-CNN', 'mask-rcnn', (10.0, None)),
        Row('maskness', 'maskness', (15.0, None)),
        Row('MS R-CNN', 'ms-rcnn', (20.0, None)),
        Row('broken', 'broken', (30.0, None)),
        Row('elsewhere', 'elsewhere', (40.0, None)),
        Row('MNC', None, (24.6, None), 'https://example.org'),
    ),
)


ROW = '--table', 'heads', '--row', 'ms-rcnn'


class TinyProtocol:
    """A detector, a head on top of it, and one that cannot be built."""

    detector = 'mask-rcnn'
    detector_is_shared = True

    def __init__(self, path):
        self.path = path

    def recipe(self, variant):
        if variant == 'elsewhere':
            return None
        cfg = Config.fromfile(self.path)
        roi_head = cfg.model.roi_head
        if variant == 'mask-rcnn':
            roi_head.type = 'StandardRoIHead'
            del roi_head['mask_iou_head']
            return Recipe(self.path, cfg, cfg)
        if variant == 'maskness':
            use_maskness(cfg)
            return Recipe(self.path, None, cfg, True)
        cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
        if variant == 'broken':
            roi_head.mask_iou_head.fusion = 'unknown'
        return Recipe(self.path, cfg, cfg, True)


@pytest.fixture(scope='module')
def out_dir(workspace):
    return workspace.folder / 'reproduction'


@pytest.fixture(scope='module')
def reproduce(workspace, out_dir):
    """Run the command with the tiny protocol and table."""

    def run(*arguments, protocol=TinyProtocol):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(
                reproduce_tables.PROTOCOLS,
                'tiny',
                lambda configs: protocol(workspace.config),
            )
            patch.setitem(reproduce_tables.TABLES, 'heads', TABLE)
            command = ['x', '--protocol', 'tiny', '--out-dir', str(out_dir)]
            patch.setattr(sys, 'argv', [*command, *arguments])
            reproduce_tables.main()

    return run


@pytest.fixture(scope='module')
def table(reproduce, out_dir):
    with pytest.raises(SystemExit, match='1 rows failed'):
        reproduce('--table', 'heads', '--seeds', '2')
    return json.loads((out_dir / 'tiny/heads.json').read_text())


@pytest.mark.slow
def test_rows_are_trained_and_evaluated(table, out_dir):
    twin, maskness, ours, broken, elsewhere = table
    # One detector, two heads on top of it.
    assert twin['cells'][0]['seeds'] == 1
    assert maskness['cells'][0]['seeds'] == 1
    assert ours['cells'][0]['seeds'] == 2
    for row in (twin, maskness, ours):
        cell = row['cells'][0]
        assert cell['ours'] is not None
        # The paper's figures are of COCO.
        assert cell['paper'] is cell['difference'] is None
        assert row['failure'] is None
    box = [row['cells'][1]['ours'] for row in (twin, maskness, ours)]
    assert box[0] == box[1] == box[2]
    reason = 'RuntimeError: train failed with exit status 1: ValueError: '
    assert broken['failure'].startswith(reason)
    assert 'fusion must be one of' in broken['failure']
    assert elsewhere['cells'][0]['ours'] is None
    text = (out_dir / 'tiny/heads.md').read_text()
    lines = squeezed(text).splitlines()
    (line,) = [line for line in lines if '| broken' in line]
    assert line.startswith('| broken (RuntimeError: train failed')
    assert line.endswith(') | - | - |')
    assert (out_dir / 'tiny/heads.csv').is_file()


@pytest.mark.slow
def test_result_keeps_what_a_reader_needs(table, out_dir):
    path = out_dir / 'tiny/ms-rcnn/seed1/result.json'
    result = json.loads(path.read_text())
    assert result['seed'] == 1
    assert 'seed=1' in result['config']
    assert result['log']['1']['loss_mask_iou'] >= 0
    assert result['environment']['torch']
    metrics = result['metrics']
    assert {'box', 'class_score', 'mask_score', 'oracle'} <= metrics.keys()
    assert metrics['mask'] == metrics['mask_score']
    assert metrics['run']['seconds_per_image'] > 0
    assert set(metrics['statistics']) == {
        'pearson',
        'spearman',
        'mae',
        'share',
    }
    report = (path.parent / 'report/report.md').read_text()
    assert '| ms-rcnn, seed 1 ' in report
    figures = re.findall(r'!\[.+\]\((.+)\)', report)
    assert len(figures) == 4
    assert all((path.parent / 'report' / name).is_file() for name in figures)


@pytest.mark.slow
def test_list_says_what_is_there(table, reproduce, out_dir, capsys):
    reproduce('--list')
    listing = capsys.readouterr().out
    assert 'MS R-CNN: ' in listing
    assert 'results: 2' in listing
    assert 'elsewhere: not in the protocol tiny' in listing
    # Published figures are of COCO.
    assert 'MNC' not in listing
    assert '--table heads --protocol tiny' in listing
    assert f'--out-dir {out_dir} --row ms-rcnn' in listing


def test_list_names_the_source_of_published_figures(monkeypatch, capsys):
    name = 'mask-rcnn-test-dev-boxes'
    table = reproduce_tables.TABLES[name]
    protocol = SimpleNamespace(recipe=lambda variant: None)
    monkeypatch.setattr(reproduce_tables, 'TABLES', {name: table})
    monkeypatch.setattr(
        reproduce_tables, 'PROTOCOLS', dict(coco=lambda configs: protocol)
    )
    monkeypatch.setattr(sys, 'argv', ['x', '--list'])
    reproduce_tables.main()
    lines = capsys.readouterr().out.splitlines()
    published = [line for line in lines if 'published figures, ht' in line]
    assert len(published) == 4
    assert len([line for line in lines if 'not in the protocol' in line]) == 3
    assert not any('all: ' in line for line in lines)


@pytest.mark.parametrize('name', ['camouflage', 'roi-layer-c5'])
def test_a_table_of_other_protocols_is_refused(monkeypatch, capsys, name):
    tables = {name: reproduce_tables.TABLES[name]}
    monkeypatch.setattr(reproduce_tables, 'TABLES', tables)
    arguments = ['x', '--list', '--protocol', 'demo']
    monkeypatch.setattr(sys, 'argv', arguments)
    reproduce_tables.main()
    listing = capsys.readouterr().out
    assert 'not in the protocol demo' in listing
    assert 'all: ' not in listing
    arguments[1:2] = ['--table', name]
    with pytest.raises(SystemExit, match=f'No row of the table {name} is in'):
        reproduce_tables.main()


def test_the_last_whole_checkpoint_is_resumed(tmp_path, workspace):
    recipe = TinyProtocol(workspace.config).recipe('mask-rcnn')
    run = Run('mask-rcnn', 0, tmp_path, recipe)
    assert run.latest() is None
    folder = tmp_path / 'train'
    folder.mkdir()
    for epoch in (1, 9, 10):
        torch.save(dict(epoch=epoch), folder / f'epoch_{epoch}.pth')
    assert run.latest() == folder / 'epoch_10.pth'
    content = run.latest().read_bytes()
    (folder / 'epoch_11.pth').write_bytes(content[: len(content) // 2])
    assert run.latest() == folder / 'epoch_10.pth'


class OtherLearningRate(TinyProtocol):
    """The same rows by another recipe."""

    def recipe(self, variant):
        recipe = super().recipe(variant)
        if variant == 'ms-rcnn':
            recipe.train.optim_wrapper.optimizer.lr = 0.5
        return recipe


@pytest.mark.slow
def test_a_changed_config_is_not_passed_off(table, reproduce, out_dir):
    path = out_dir / 'tiny/ms-rcnn/seed0/result.json'
    before = path.read_bytes()
    with pytest.raises(SystemExit):
        reproduce(*ROW, protocol=OtherLearningRate)
    rows = json.loads((out_dir / 'tiny/heads.json').read_text())
    assert 'lr was 0.0008 and is 0.5. Delete the folder' in rows[2]['failure']
    assert path.read_bytes() == before


@pytest.mark.slow
def test_a_missing_report_is_written_again(table, reproduce, out_dir):
    folder = out_dir / 'tiny/ms-rcnn/seed0'
    result = folder / 'result.json'
    before = result.stat().st_mtime_ns
    tested = (folder / 'test.log').stat().st_mtime_ns
    (folder / 'report/report.md').unlink()
    reproduce(*ROW)
    assert (folder / 'report/report.md').is_file()
    assert result.stat().st_mtime_ns == before
    # Without testing again.
    assert (folder / 'test.log').stat().st_mtime_ns == tested


def test_a_missing_detector_is_named(tmp_path, workspace):
    protocol = TinyProtocol(workspace.config)
    (run,) = runs_of('ms-rcnn', protocol, tmp_path, 1)
    with pytest.raises(RuntimeError, match='mask-rcnn, which the training'):
        execute(run, ROOT / 'tools')


@pytest.mark.parametrize(
    'arguments',
    [
        ('--list', '--table', 'heads'),
        ('--table', 'heads', '--seeds', '0'),
        ('--table', 'heads', '--gpus', '0'),
        ('--table', 'heads', '--row', 'unknown'),
        ('--list', '--row', 'ms-rcnn'),
        (),
    ],
)
def test_bad_arguments(reproduce, arguments):
    with pytest.raises(SystemExit) as error:
        reproduce(*arguments)
    assert error.value.code == 2


@pytest.mark.slow
def test_what_is_there_is_not_run_again(table, reproduce, out_dir, capsys):
    results = list(out_dir.glob('tiny/*/*/result.json'))
    before = {path: path.stat().st_mtime_ns for path in results}
    with pytest.raises(SystemExit):
        reproduce('--table', 'heads')
    # Results of other seeds than were asked for are kept.
    table = json.loads((out_dir / 'tiny/heads.json').read_text())
    assert table[2]['cells'][0]['seeds'] == 2
    assert capsys.readouterr().out.count(', complete:') == 3
    assert len(results) == 4
    assert {p: p.stat().st_mtime_ns for p in results} == before


@pytest.mark.slow
def test_one_row(table, reproduce, out_dir, capsys):
    reproduce('--table', 'heads', '--row', 'maskness')
    output = capsys.readouterr().out
    # It and what it starts from; the table has all rows.
    assert output.count(', complete:') == 2
    assert '| MS R-CNN |' in squeezed(output)


@pytest.fixture(scope='module')
def test_dev(workspace):
    """The validation images, without their annotations, as test-dev."""
    data = workspace.folder / 'digits'
    content = json.loads((data / 'val.json').read_text())
    (data / 'annotations').mkdir()
    ann_file = data / 'annotations/image_info_test-dev2017.json'
    ann_file.write_text(json.dumps(dict(content, annotations=[])))
    (data / 'test2017').symlink_to(data / 'val')


def test_submission_of_boxes(boxes_alone, test_dev):
    path = write_submission(boxes_alone, ROOT / 'tools', kind='bbox')
    assert (
        path.name == 'detections_test-dev2017_faster-rcnn-boxes_results.json'
    )
    evaluated = json.loads(boxes_alone.detections.read_text())
    assert evaluated
    assert json.loads(path.read_text()) == evaluated


@pytest.mark.slow
def test_submission_has_mask_scores_as_scores(
    table, workspace, out_dir, test_dev
):
    recipe = TinyProtocol(workspace.config).recipe('ms-rcnn')
    run = Run('ms-rcnn', 0, out_dir / 'tiny/ms-rcnn/seed0', recipe)
    path = write_submission(run, ROOT / 'tools')
    submitted = json.loads(path.read_text())
    evaluated = json.loads(
        (run.folder / 'results.mask_scores.json').read_text()
    )['detections']
    assert [det['score'] for det in submitted] == pytest.approx(
        [det['mask_score'] for det in evaluated]
    )
    assert submitted[0].keys() == {
        'image_id',
        'category_id',
        'score',
        'segmentation',
    }


@pytest.fixture(scope='module')
def boxes_alone(workspace):
    """A Faster R-CNN that was trained and evaluated."""
    cfg = Config.fromfile(workspace.config)
    roi_head = cfg.model.roi_head
    roi_head.update(
        type='StandardRoIHead', mask_head=None, mask_roi_extractor=None
    )
    del roi_head['mask_iou_head']
    cfg.model.type = 'FasterRCNN'
    cfg.test_evaluator.metric = cfg.val_evaluator.metric = 'bbox'
    recipe = Recipe(workspace.config, cfg, cfg)
    run = Run('faster-rcnn', 0, workspace.folder / 'boxes/seed0', recipe)
    execute(run, ROOT / 'tools')
    return run


def test_boxes_alone_are_trained_and_evaluated(boxes_alone):
    assert boxes_alone.is_complete
    result = json.loads(boxes_alone.result.read_text())
    assert result['variant'] == 'faster-rcnn'
    metrics = result['metrics']
    assert metrics.keys() == {'box', 'run'}
    # The later log is that of the submission.
    log = min(boxes_alone.folder.glob('test/*/2*.json'))
    values = json.loads(log.read_text())
    assert metrics['box']['mAP'] == pytest.approx(values['coco/bbox_mAP'])
    before = boxes_alone.result.stat().st_mtime_ns
    execute(boxes_alone, ROOT / 'tools')
    assert boxes_alone.result.stat().st_mtime_ns == before


class WithoutData(TinyProtocol):
    def recipe(self, variant):
        recipe = super().recipe(variant)
        if recipe is not None:
            for loader in ('train', 'val', 'test'):
                dataset = recipe.test[f'{loader}_dataloader'].dataset
                dataset.data_root = 'data/digits/'
        return recipe


def test_missing_data_is_named_before_anything_starts(
    reproduce, workspace, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    message = 'data/digits/train.json.*make_digits.py data/digits.*Nothing'
    with pytest.raises(SystemExit, match=message):
        reproduce(
            '--table',
            'heads',
            f'--out-dir={tmp_path}/out',
            protocol=WithoutData,
        )
    assert not (tmp_path / 'out').exists()
