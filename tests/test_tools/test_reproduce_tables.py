"""One command per table, on a tiny model and data set."""

import json
import re
import sys

import pytest
from mmengine.config import Config

from mmdet_msrcnn.reproduction import (
    Recipe,
    Row,
    Run,
    Table,
    write_submission,
)
from mmdet_msrcnn.reproduction.paper import Column
from mmdet_msrcnn.reproduction.protocols import use_maskness
from tests.helpers import ROOT, load_tool

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
    ),
)


class TinyProtocol:
    """A detector, a head on top of it, and one that cannot be built."""

    detector = 'mask-rcnn'

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

    def run(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(
                reproduce_tables.PROTOCOLS,
                'tiny',
                lambda configs: TinyProtocol(workspace.config),
            )
            patch.setitem(reproduce_tables.TABLES, 'heads', TABLE)
            command = ['x', '--protocol', 'tiny', '--out-dir', str(out_dir)]
            patch.setattr(sys, 'argv', [*command, *arguments])
            reproduce_tables.main()

    return run


@pytest.fixture(scope='module')
def table(reproduce, out_dir):
    reproduce('--table', 'heads', '--seeds', '2')
    return json.loads((out_dir / 'tiny/heads.json').read_text())


def test_rows_are_trained_and_evaluated(table, out_dir):
    twin, maskness, ours, broken, elsewhere = table
    # One detector, two heads on top of it.
    assert twin['cells'][0]['seeds'] == 1
    assert maskness['cells'][0]['seeds'] == 1
    assert ours['cells'][0]['seeds'] == 2
    for row in (twin, maskness, ours):
        cell = row['cells'][0]
        assert cell['difference'] == pytest.approx(
            cell['ours'] - cell['paper']
        )
        assert row['failure'] is None
    box = [row['cells'][1]['ours'] for row in (twin, maskness, ours)]
    assert box[0] == box[1] == box[2]
    assert broken['failure'].startswith('train failed: ')
    assert 'fusion must be one of' in broken['failure']
    assert elsewhere['cells'][0]['ours'] is None
    text = (out_dir / 'tiny/heads.md').read_text()
    (line,) = [line for line in text.splitlines() if '| broken' in line]
    assert line.startswith('| broken (train failed: ')
    assert line.endswith(') | 30.0 | - | - | - | - | - |')
    assert (out_dir / 'tiny/heads.csv').is_file()


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
    assert '| ms-rcnn, seed 1 | ' in report
    figures = re.findall(r'!\[.+\]\((.+)\)', report)
    assert len(figures) == 4
    assert all((path.parent / 'report' / name).is_file() for name in figures)


def test_list_says_what_is_there(table, reproduce, capsys):
    reproduce('--list')
    listing = capsys.readouterr().out
    assert 'MS R-CNN: ' in listing
    assert '2 results' in listing
    assert 'elsewhere: not in the protocol tiny' in listing
    assert '--table heads --protocol tiny' in listing


def test_a_truncated_checkpoint_is_not_resumed(table, workspace, out_dir):
    folder = out_dir / 'tiny/mask-rcnn/seed0'
    recipe = TinyProtocol(workspace.config).recipe('mask-rcnn')
    run = Run('mask-rcnn', 0, folder, recipe)
    assert run.latest() == run.checkpoint
    content = run.checkpoint.read_bytes()
    later = run.checkpoint.with_name('epoch_2.pth')
    later.write_bytes(content[: len(content) // 2])
    assert run.latest() == run.checkpoint
    later.unlink()


def test_what_is_there_is_not_run_again(table, reproduce, out_dir, capsys):
    results = list(out_dir.glob('tiny/*/*/result.json'))
    before = {path: path.stat().st_mtime_ns for path in results}
    reproduce('--table', 'heads', '--seeds', '2')
    assert capsys.readouterr().out.count(': there') == len(results) == 4
    assert {p: p.stat().st_mtime_ns for p in results} == before


def test_submission_has_mask_scores_as_scores(table, workspace, out_dir):
    # The validation images, without their annotations, as test-dev.
    data = workspace.folder / 'digits'
    content = json.loads((data / 'val.json').read_text())
    (data / 'annotations').mkdir()
    ann_file = data / 'annotations/image_info_test-dev2017.json'
    ann_file.write_text(json.dumps(dict(content, annotations=[])))
    (data / 'test2017').symlink_to(data / 'val')
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
