"""Commands end, and get no option of the caller."""

from mmdet_msrcnn.lab.upstream.commands import TIMED_OUT, run_python


def test_environment_does_not_decide_for_torch(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    code = 'import os; print([k for k in os.environ if "WEIGHTS" in k])'
    assert run_python(['-c', code]).stdout == '[]\n'


def test_environment_does_not_decide_for_pytest(monkeypatch):
    monkeypatch.setenv('PYTEST_ADDOPTS', '--collect-only')
    code = 'import os; print("PYTEST_ADDOPTS" in os.environ)'
    assert run_python(['-c', code]).stdout == 'False\n'


def test_command_that_does_not_end():
    done = run_python(['-c', 'import time; time.sleep(60)'], max_seconds=0.5)
    assert done.returncode == TIMED_OUT
    assert done.stderr == 'stopped after 0.5 s'
