"""Failing programs give the reason."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mmdet_msrcnn.lab.reproduction.steps import failure_reason, run_step
from mmdet_msrcnn.utils.locks import locked

TRACEBACK = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
ValueError: tau must be in [0, 1), got 3
"""
TORCHRUN = f"""[rank1]: {TRACEBACK.splitlines()[0]}
[rank1]: ValueError: tau must be in [0, 1), got 3
torch.distributed.elastic.multiprocessing.errors.ChildFailedError:
============================================================
train.py FAILED
------------------------------------------------------------
============================================================
"""
LAST_LINE = 'Epoch(train) [2][40/63] loss: 0.5'


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        (TRACEBACK, 'ValueError: tau must be in [0, 1), got 3'),
        (TORCHRUN, 'ValueError: tau must be in [0, 1), got 3'),
        (
            'torch.OutOfMemoryError: CUDA out of memory\n',
            'torch.OutOfMemoryError: CUDA out of memory',
        ),
        # Killed: there is no exception.
        (f'a\n{LAST_LINE}\n', LAST_LINE),
        ('', 'it printed nothing'),
    ],
)
def test_reason(text, reason):
    assert failure_reason(text) == reason


def script(folder, text):
    (folder / 'train.py').write_text(text)


def test_reason_is_that_of_the_last_attempt(tmp_path):
    for name in ('first', 'second'):
        script(tmp_path, f'raise ValueError({name!r})')
        with (
            locked(tmp_path) as lock,
            pytest.raises(
                RuntimeError,
                match=f'train failed with exit status 1: ValueError: {name}',
            ),
        ):
            run_step(tmp_path, tmp_path, 'train', [], 1, [], lock)
    log = (tmp_path / 'train.log').read_text()
    assert log.count('Traceback') == 2


# A shell lets programs in the background ignore Ctrl-C.
SLOW = """
import pathlib, signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
print('started', flush=True)
try:
    time.sleep(60)
except KeyboardInterrupt:
    # As a loader that waits for its workers
    time.sleep(1)
    pathlib.Path('ended').touch()
"""
STEP = """
import signal
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from mmdet_msrcnn.lab.reproduction.steps import run_step
from mmdet_msrcnn.utils.locks import locked
here = Path.cwd()
with locked(here) as lock:
    run_step(here, here, 'train', [], 1, [], lock)
"""


def test_after_ctrl_c_the_program_has_time_to_end(tmp_path):
    script(tmp_path, SLOW)
    process = subprocess.Popen(
        [sys.executable, '-c', STEP],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    log = tmp_path / 'train.log'
    while not (log.exists() and 'started' in log.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    # As a terminal does
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait() != 0
    assert (tmp_path / 'ended').exists()
