"""Only one process works in a folder."""

import os
import signal
import subprocess
import sys

import pytest

from mmdet_msrcnn.utils.locks import locked


def test_two_processes_do_not_work_in_one_folder(tmp_path):
    with locked(tmp_path) as lock:
        # As a training that outlives the program that started it.
        child = subprocess.Popen(
            [sys.executable, '-c', 'input()'],
            stdin=subprocess.PIPE,
            pass_fds=[lock],
        )
        with (
            pytest.raises(RuntimeError, match='another process is working'),
            locked(tmp_path),
        ):
            pass
    with (
        pytest.raises(RuntimeError, match='another process is working'),
        locked(tmp_path),
    ):
        pass
    child.communicate(b'\n')
    with locked(tmp_path):
        pass


KILLED = """
import multiprocessing, os, pathlib, sys, time
from mmdet_msrcnn.utils.locks import locked, release_locks_in_workers

if sys.argv[2] == 'released':
    release_locks_in_workers()
folder = pathlib.Path(sys.argv[1])
with locked(folder) as lock:
    context = multiprocessing.get_context('fork')
    worker = context.Process(target=time.sleep, args=(60,))
    worker.start()
    # The file stays usable in the worker and in its parent.
    os.fstat(lock)
    (folder / 'pid').write_text(str(worker.pid))
    os._exit(1)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='it reads /proc')
@pytest.mark.parametrize('kept', ['released', 'kept'])
def test_a_worker_does_not_keep_the_lock_of_a_killed_process(tmp_path, kept):
    subprocess.run([sys.executable, '-c', KILLED, tmp_path, kept])
    try:
        if kept == 'kept':
            with pytest.raises(RuntimeError), locked(tmp_path):
                pass
        else:
            with locked(tmp_path):
                pass
    finally:
        os.kill(int((tmp_path / 'pid').read_text()), signal.SIGKILL)
