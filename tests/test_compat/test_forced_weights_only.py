"""No file is unpickled with ``weights_only=False``."""

import os
import subprocess
import sys

import pytest

from mmdet_msrcnn.compat.forced_weights_only import (
    FORCE,
    OPPOSITE,
    force_weights_only,
)
from tests.helpers import ROOT

# Loads as onedl-mmengine does where weights_only=True fails.
LOAD = """
import pickle, sys, torch
class Hostile:
    def __reduce__(self):
        return print, ('it ran',)
torch.save(Hostile(), 'hostile.pth')
from mmdet_msrcnn.compat.forced_weights_only import force_weights_only
if sys.argv[1:]:
    force_weights_only()
torch.load('hostile.pth', weights_only=False)
"""


@pytest.mark.parametrize('forced', [True, False])
def test_a_hostile_file_is_not_run(tmp_path, forced):
    names = FORCE, OPPOSITE
    clean = {k: v for k, v in os.environ.items() if k not in names}
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', LOAD, *['forced'] * forced],
        env=dict(clean, PYTHONPATH=str(ROOT)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ('it ran' in done.stdout) != forced
    assert ('UnpicklingError' in done.stderr) == forced


@pytest.mark.parametrize('name', [FORCE, OPPOSITE])
def test_a_variable_of_the_user_stays(monkeypatch, name):
    monkeypatch.delenv(FORCE, raising=False)
    monkeypatch.delenv(OPPOSITE, raising=False)
    monkeypatch.setenv(name, '0')
    force_weights_only()
    assert os.environ[name] == '0'
    assert {FORCE, OPPOSITE} & {*os.environ} == {name}


def test_the_variable_is_set(monkeypatch):
    monkeypatch.setenv(FORCE, '')
    monkeypatch.delenv(FORCE)
    monkeypatch.delenv(OPPOSITE, raising=False)
    force_weights_only()
    assert os.environ[FORCE] == '1'
