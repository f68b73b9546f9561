"""Checkpoints are read without executing code."""

import os
import pickle
import subprocess
import sys

import pytest
import torch

from mmdet_msrcnn.compat.dependencies import bases_on_python
from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
from tests.helpers import ROOT, Hostile


def test_forced_also_where_a_caller_asks_for_less(tmp_path, monkeypatch):
    # Set, so that what is forced is taken back.
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '0')
    path, trace = tmp_path / 'hostile.pth', tmp_path / 'trace'
    torch.save(dict(payload=Hostile(trace)), path)
    torch.load(path, weights_only=False)
    # It works where it is let through.
    trace.unlink()
    force_weights_only()
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=False)
    assert not trace.exists()


def test_forced_also_where_the_user_asked_for_less(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '0')
    monkeypatch.setenv('TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD', '1')
    force_weights_only()
    torch.save(dict(step=torch.tensor(3)), tmp_path / 'honest.pth')
    assert torch.load(tmp_path / 'honest.pth')['step'] == 3
    torch.save(Hostile(tmp_path / 'trace'), tmp_path / 'hostile.pth')
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / 'hostile.pth')


# Imports the package where another base seems to be installed.
IMPORT = """
import importlib.metadata as metadata, os, sys
# They ask for their own versions.
import mmcv, mmdet, mmengine
pins = {}
for base in ('openmmlab', 'onedl'):
    for line in open(f'requirements-{base}.txt'):
        if not line.startswith('#'):
            name, pin = line.strip().split('==')
            pins[name] = base, pin
version = metadata.version
def stand_in(name):
    base, pin = pins.get(name, (None, None))
    if base is None:
        return version(name)
    if base != sys.argv[1]:
        raise metadata.PackageNotFoundError(name)
    return pin
metadata.version = stand_in
import mmdet_msrcnn
print(os.environ.get('TORCH_FORCE_WEIGHTS_ONLY_LOAD'))
"""


@pytest.mark.parametrize(
    ('base', 'forced'), [('openmmlab', 'None'), ('onedl', '1')]
)
def test_the_package_forces_it_only_for_the_base_that_needs_it(base, forced):
    if base not in bases_on_python():
        pytest.skip(f'{base} does not allow this Python')
    clean = {k: v for k, v in os.environ.items() if 'WEIGHTS_ONLY' not in k}
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', IMPORT, base],
        env=dict(clean, PYTHONPATH=str(ROOT)),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == [forced], done.stderr
