"""Mistakes of devices, found without a GPU.

The checks run in a process of their own: torch fixes the devices of its
backward pass when the first one runs, before theirs is there.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT

CHECKS = Path(__file__).with_name('device_checks.py')


def test_device_checks():
    command = [sys.executable, '-m', 'pytest', '-q', '-rs', str(CHECKS)]
    done = subprocess.run(
        [*command, '-p', 'no:cacheprovider'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    if ' passed' not in done.stdout:
        pytest.skip(done.stdout)
