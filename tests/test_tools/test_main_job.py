"""Train, resume, test, demo and report, as a user types them."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
import torch
from mmdet.apis import inference_detector, init_detector

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool
from mmdet_msrcnn.lab.reproduction.steps import free_port
from tests.helpers import ROOT, squeezed

RESUME = ('--resume', '--cfg-options', 'train_cfg.max_epochs=2')


def logged(work_dir) -> str:
    logs = sorted(work_dir.glob('*/*.log'))
    return ''.join(path.read_text() for path in logs)


@pytest.fixture(scope='module')
def trained(workspace):
    """One epoch by mmdet's own train.py, nothing of ours on the path."""
    train = mmdet_tool('train.py')
    workspace.run(train, workspace.config, '--work-dir', workspace.work_dir)
    return workspace


def test_training_logs_the_mask_iou_and_evaluates(trained):
    for text in ('loss_mask_iou: ', 'mask_iou_target: ', 'eta: '):
        assert text in logged(trained.work_dir)
    assert 'coco/segm_oracle_mAP' in logged(trained.work_dir)


def test_test_time_augmentation(trained):
    """Only boxes can be merged by mmdet's (mmdet#10705)."""
    prefix = trained.folder / 'tta'
    trained.run(
        mmdet_tool('test.py'),
        trained.config,
        trained.work_dir / 'epoch_1.pth',
        '--tta',
        '--cfg-options',
        f'test_evaluator.outfile_prefix={prefix}',
    )
    results = json.loads(Path(f'{prefix}.mask_scores.json').read_text())
    assert results['detections']
    for det in results['detections']:
        assert det['mask_score'] == pytest.approx(
            det['score'] * det['mask_iou'], abs=1e-5
        )


def test_resumes_with_mmdets_train_py(trained):
    train = mmdet_tool('train.py')
    work_dir = '--work-dir', trained.work_dir
    trained.run(train, trained.config, *work_dir, *RESUME)
    assert 'resumed epoch: 1, iter: 3' in logged(trained.work_dir)
    checkpoint = torch.load(
        trained.work_dir / 'epoch_2.pth', weights_only=True
    )
    assert checkpoint['meta']['epoch'] == 2


def test_loads_with_mmdets_init_detector(trained):
    model = init_detector(
        str(trained.config),
        str(trained.work_dir / 'epoch_1.pth'),
        device='cpu',
    )
    image = next((trained.folder / 'digits/val').iterdir())
    pred = inference_detector(model, str(image)).pred_instances
    assert len(pred) == 5
    assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)


def test_tests_demos_and_reports(trained):
    folder = trained.folder
    checkpoint = trained.work_dir / 'epoch_1.pth'
    prefix = folder / 'report/results'
    trained.run(
        mmdet_tool('test.py'),
        trained.config,
        checkpoint,
        '--cfg-options',
        f'test_evaluator.outfile_prefix={prefix}',
    )
    results = f'{prefix}.mask_scores.json'
    content = json.loads((folder / results).read_text())
    assert len(content['detections']) == 15

    images = folder / 'digits/val'
    trained.run(
        ROOT / 'tools/image_demo.py',
        images,
        trained.config,
        checkpoint,
        '--out-dir',
        folder / 'demo',
        '--pred-score-thr',
        '0',
    )
    for image in images.iterdir():
        pred = folder / 'demo/preds' / f'{image.stem}.json'
        pred = json.loads(pred.read_text())
        assert {len(values) for values in pred.values()} == {5}
        for score, iou, product in zip(
            pred['scores'],
            pred['mask_ious'],
            pred['mask_scores'],
            strict=True,
        ):
            assert product == pytest.approx(score * iou, abs=1e-6)
        drawn = cv2.imread(str(folder / 'demo/vis' / image.name))
        # Small images are enlarged.
        plain = cv2.resize(cv2.imread(str(image)), drawn.shape[1::-1])
        assert (drawn != plain).any()

    trained.run(
        ROOT / 'tools/analyze_results.py',
        f'tiny={results}',
        '--ann',
        folder / 'digits/val.json',
        '--img-dir',
        images,
        '--out-dir',
        folder / 'report',
        '--bootstrap',
        '20',
    )
    report = (folder / 'report/report.md').read_text()
    assert '| tiny |' in squeezed(report)
    for figure in ('score_vs_iou', 'rank_changes'):
        path = folder / f'report/{figure}.png'
        assert cv2.imread(str(path)) is not None
    assert len(list((folder / 'report/overlays').iterdir())) == 3


def launch(script: str, *arguments, cwd) -> str:
    """Run one of the shell scripts with this Python's torchrun."""
    path = f'{sys.prefix}/bin:/usr/bin:/bin'
    # Threads get the GIL only where the main one waits: what is left to them
    # at the end of Python then aborts the process.
    site = cwd / 'site/sitecustomize.py'
    site.parent.mkdir(exist_ok=True)
    site.write_text('import sys\nsys.setswitchinterval(100)\n')
    done = subprocess.run(
        ['bash', str(ROOT / 'tools' / script), *map(str, arguments)],
        cwd=cwd,
        env=dict(
            PATH=path,
            PYTHONPATH=str(site.parent),
            PORT=str(free_port()),
            OMP_NUM_THREADS='1',
            HOME=str(cwd),
        ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_two_processes_over_gloo(workspace):
    work_dir = workspace.folder / 'distributed'
    arguments = '--work-dir', work_dir
    log = launch(
        'dist_train.sh', workspace.config, 2, *arguments, cwd=workspace.folder
    )
    # Six images in batches of two on each of two processes
    assert re.search(r'Epoch\(train\) +\[1\]\[2/2\]', log)
    checkpoint = work_dir / 'epoch_1.pth'
    tested, alone = workspace.folder / 'tested', workspace.folder / 'alone'
    # Three images: one of the processes has one less.
    launch(
        *('dist_test.sh', workspace.config, checkpoint, 2),
        *('--work-dir', tested),
        cwd=workspace.folder,
    )
    workspace.run(
        *(ROOT / 'tools/test.py', workspace.config, checkpoint),
        *('--work-dir', alone),
    )
    assert metrics(tested) == metrics(alone)


def metrics(work_dir: Path) -> dict:
    """Figures of a test, without its times."""
    (path,) = work_dir.glob('*/*.json')
    found = json.loads(path.read_text())
    assert 'coco/mask_score_share' in found
    return {k: v for k, v in found.items() if k.startswith('coco/')}


@pytest.mark.slow
def test_resumes_after_a_kill(workspace):
    work_dir = workspace.folder / 'killed'
    command = [
        sys.executable,
        ROOT / 'tools/train.py',
        workspace.config,
        '--work-dir',
        work_dir,
        '--resume',
        '--cfg-options',
        'train_cfg.max_epochs=4',
    ]
    process = subprocess.Popen(
        command,
        cwd=workspace.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    second_epoch = re.compile(r'Epoch\(train\) +\[2\]\[1/3\]')
    while not second_epoch.search(logged(work_dir)):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    workspace.run(*command[1:])
    # The second epoch may have ended while the log was read.
    assert re.search('resumed epoch: [12], iter: [36]', logged(work_dir))
    assert (work_dir / 'epoch_4.pth').exists()
