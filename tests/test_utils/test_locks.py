"""Only one process works in a folder."""

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
