"""A killed run continues where it stopped."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.helpers import ROOT
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

SCRIPT = """
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction import Recipe, Run, execute

cfg = Config.fromfile({config!r})
cfg.train_cfg.update(max_epochs=4, val_interval=4)
recipe = Recipe(Path({config!r}), cfg, cfg)
execute(Run('tiny', 0, Path('killed'), recipe), Path({tools!r}))
"""


@pytest.mark.slow
def test_a_kill_costs_at_most_the_running_epoch(workspace):  # noqa: F811
    script = workspace.folder / 'execute.py'
    script.write_text(
        SCRIPT.format(config=str(workspace.config), tools=str(ROOT / 'tools'))
    )
    folder = workspace.folder / 'killed'
    command = [sys.executable, '-W', 'ignore', script]
    process = subprocess.Popen(
        command, cwd=workspace.folder, start_new_session=True
    )
    while not (folder / 'train/epoch_2.pth').exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (folder / 'result.json').exists()
    workspace.run(*command[1:])
    result = json.loads((folder / 'result.json').read_text())
    assert set(result['log']) == {'1', '2', '3', '4'}
    log = (folder / 'train.log').read_text()
    # The second checkpoint may have been cut short.
    assert 'resumed epoch: 1' in log or 'resumed epoch: 2' in log
