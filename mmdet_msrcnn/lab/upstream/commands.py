"""Commands of this Python, on the packages of a folder."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Of a command, in seconds; its exit code is then that of the program timeout.
MAX_SECONDS, TIMED_OUT = 900, 124


def run_python(
    arguments: Sequence[str],
    tree: Path | None = None,
    max_seconds: float = MAX_SECONDS,
) -> subprocess.CompletedProcess:
    """Run this Python, with the packages of a tree before the installed ones.

    Args:
        arguments (Sequence[str]): Of the command line.
        tree (Path, optional): Folder with packages.
        max_seconds (float): Time after which it is stopped.

    Returns:
        subprocess.CompletedProcess: With text. If it was stopped, the exit
        code is ``TIMED_OUT``.
    """
    # A variable that decides for torch would hide faults of loading. Some
    # are set by mmdet_msrcnn itself. PYTEST_ADDOPTS could select no test.
    env = {
        k: v
        for k, v in os.environ.items()
        if 'WEIGHTS_ONLY' not in k and k != 'PYTEST_ADDOPTS'
    }
    if tree is not None:
        env |= dict(
            PYTHONPATH=str(tree),
            PYTHONDONTWRITEBYTECODE='1',
            PYTEST_DISABLE_PLUGIN_AUTOLOAD='1',
        )
    command = [sys.executable, *arguments]
    try:
        return subprocess.run(
            command,
            cwd=tree,
            env=env,
            capture_output=True,
            text=True,
            timeout=max_seconds,
        )
    except subprocess.TimeoutExpired:
        text = f'stopped after {max_seconds} s'
        return subprocess.CompletedProcess(command, TIMED_OUT, '', text)


def last_line(text: str) -> str:
    """Return the last line of an output that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else '(no output)'
