"""A checkpoint of one base is trained and tested further with the other.

``MSRCNN_OTHER_PYTHON`` is the Python of an environment with the other base,
such as that of ``make setup BASE=onedl VENV=.venv-onedl``.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from tests.helpers import ROOT
from tests.test_tools.conftest import workspace  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

OTHER = os.environ.get('MSRCNN_OTHER_PYTHON')
BASE = """
from mmdet_msrcnn.compat.dependencies import installed_base
print(installed_base())
"""
# mmcv's operators are compiled from other sources.
CLOSE = dict(rtol=1e-3, atol=1e-5)


@pytest.fixture(scope='module')
def pythons() -> list[str]:
    """The Pythons of this base and of the other one."""
    if not OTHER:
        pytest.skip('needs $MSRCNN_OTHER_PYTHON, a Python with the other base')
    found = [sys.executable, OTHER]
    bases = {run(python, '-c', BASE).split()[-1] for python in found}
    assert bases == {'openmmlab', 'onedl'}
    return found


def run(python, *command, cwd=None) -> str:
    done = subprocess.run(
        [python, '-W', 'ignore', *map(str, command)],
        cwd=cwd,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def train(python, workspace, folder, epochs):  # noqa: F811
    """Train or continue; returns the weights."""
    run(
        python,
        *(ROOT / 'tools/train.py', workspace.config, '--work-dir', folder),
        '--resume',
        *('--cfg-options', f'train_cfg.max_epochs={epochs}'),
        'randomness.seed=0',
        cwd=workspace.folder,
    )
    path = folder / f'epoch_{epochs}.pth'
    content = torch.load(path, weights_only=True, map_location='cpu')
    return content['state_dict']


def detect(python, workspace, checkpoint, prefix):  # noqa: F811
    """Test, and return the scores and boxes of the detections."""
    run(
        python,
        *(ROOT / 'tools/test.py', workspace.config, checkpoint),
        *('--work-dir', prefix.parent),
        *('--cfg-options', f'test_evaluator.outfile_prefix={prefix}'),
        cwd=workspace.folder,
    )
    content = json.loads(prefix.with_suffix('.mask_scores.json').read_text())
    return np.array(
        [
            [det['score'], det['mask_score'], *det['bbox']]
            for det in content['detections']
        ]
    )


@pytest.mark.parametrize('first', [0, 1])
def test_resumes_and_tests_with_the_other_base(
    pythons,
    workspace,  # noqa: F811
    tmp_path,
    first,
):
    start, other = pythons[first], pythons[1 - first]
    for name in ('same', 'changed'):
        train(start, workspace, tmp_path / name, 1)
    expected = train(start, workspace, tmp_path / 'same', 2)
    found = train(other, workspace, tmp_path / 'changed', 2)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(found[key], value, **CLOSE)
    checkpoint = tmp_path / 'changed/epoch_2.pth'
    detections = [
        detect(python, workspace, checkpoint, tmp_path / f'{i}/results')
        for i, python in enumerate(pythons)
    ]
    assert len(detections[0]) > 5
    np.testing.assert_allclose(*detections, **CLOSE)
