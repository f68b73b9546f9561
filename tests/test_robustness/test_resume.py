"""A killed and resumed training ends as an uninterrupted one."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from tests.helpers import ROOT
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

# Augmentation draws in a worker process, sampling in the main one.
AUGMENTED = """
_base_ = './tiny.py'

train_dataloader = dict(
    num_workers=1,
    persistent_workers=True,
    dataset=dict(
        pipeline=[
            dict(type='LoadImageFromFile'),
            dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
            dict(type='RandomFlip', prob=0.5),
            dict(type='PhotoMetricDistortion'),
            dict(type='PackDetInputs'),
        ]
    ),
)
train_cfg = dict(max_epochs=3)
"""
SECOND_EPOCH = re.compile(r'Epoch\(train\) +\[2\]\[1/3\]')


def logged(work_dir: Path) -> str:
    return ''.join(p.read_text() for p in sorted(work_dir.glob('*/*.log')))


def test_digits_with_augmentation(workspace):  # noqa: F811
    config = workspace.folder / 'augmented.py'
    config.write_text(AUGMENTED)
    whole, killed = (workspace.folder / name for name in ('whole', 'killed'))
    train = ROOT / 'tools/train.py', config, '--work-dir'
    workspace.run_warm(*train, whole)

    command = [sys.executable, *train, killed, '--resume']
    process = subprocess.Popen(
        command,
        cwd=workspace.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not SECOND_EPOCH.search(logged(killed)):
        assert process.poll() is None
        time.sleep(0.02)
    # With its worker, which would wait for ever.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # Its work dir is moved as well.
    moved = workspace.folder / 'moved'
    killed.rename(moved)
    workspace.run_warm(*train, moved, '--resume')
    assert re.search('resumed epoch: [12], iter: [36]', logged(moved))

    expected, found = (
        torch.load(folder / 'epoch_3.pth', weights_only=True)
        for folder in (whole, moved)
    )
    for name, value in expected['state_dict'].items():
        assert torch.equal(value, found['state_dict'][name]), name
    before = torch.load(moved / 'epoch_2.pth', weights_only=True)
    assert any(
        not torch.equal(value, before['state_dict'][name])
        for name, value in expected['state_dict'].items()
    )
