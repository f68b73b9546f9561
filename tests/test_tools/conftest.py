"""A tiny data set and config for runs of the tools."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.warm import run_script

CONFIG = """
_base_ = {base!r}

model = dict(
    backbone=dict(base_channels=8),
    neck=dict(in_channels=[8, 16, 32, 64]),
    test_cfg=dict(rcnn=dict(score_thr=0.0, max_per_img=5)),
)
data_root = {data!r}
train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(data_root=data_root),
)
val_dataloader = dict(num_workers=0, dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + 'val.json')
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=1, val_interval=1)
default_hooks = dict(logger=dict(interval=1))
"""


@dataclass
class Workspace:
    """A folder with data, config and work dir, none of it in the project."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / 'tiny.py'

    @property
    def work_dir(self) -> Path:
        return self.folder / 'work'

    def run(self, *command, check: bool = True) -> subprocess.CompletedProcess:
        """Run Python from the folder, which is not that of the project."""
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', *map(str, command)],
            cwd=self.folder,
            capture_output=True,
            text=True,
        )
        return checked(done, check)

    def run_warm(self, *command, check: bool = True):
        """The same, sooner, of a script that need not import mmdet itself."""
        return checked(run_script(*command, cwd=self.folder), check)


def checked(
    done: subprocess.CompletedProcess, check: bool
) -> subprocess.CompletedProcess:
    """Show the output of a command that failed."""
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture(scope='module')
def workspace(tmp_path_factory) -> Workspace:
    folder = tmp_path_factory.mktemp('workspace')
    space = Workspace(folder)
    data = folder / 'digits'
    script = ROOT / 'tools/datasets/make_digits.py'
    space.run(script, data, '--num-train', '6', '--num-val', '3')
    base = ROOT / 'configs/demo/ms-rcnn_r18_fpn_demo.py'
    text = CONFIG.format(base=str(base), data=f'{data}/')
    space.config.write_text(text)
    return space
