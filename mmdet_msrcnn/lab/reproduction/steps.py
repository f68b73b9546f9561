"""Execution of ``train.py`` and ``test.py`` for a run."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

# The last line of a traceback, with or without torchrun's rank in front.
EXCEPTION = re.compile(r'^(?:\[\w+\]:)?\s*(\w[\w.]*(?:Error|Exception)\b.*)')
# torchrun's own exception, which says that some process failed.
SUMMARY = 'ChildFailedError'
# Seconds to end after Ctrl-C
GRACE = 20


def free_port() -> int:
    """Find a free TCP port on this machine."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def run_step(
    folder: Path,
    tools: Path,
    step: str,
    inputs: list,
    gpus: int,
    options: list,
    lock: int,
) -> None:
    """Run ``train.py`` or ``test.py``, on several GPUs if asked for.

    Args:
        folder (Path): Folder of the run; the output goes to ``STEP.log``.
        tools (Path): Folder of the scripts.
        step (str): ``train`` or ``test``.
        inputs (list): Positional arguments.
        gpus (int): Number of processes.
        options (list): Other arguments.
        lock (int): From :func:`locked`.

    Raises:
        RuntimeError: If it fails. The message has the last exception.
    """
    options = ['--work-dir', folder / step, *options]
    if gpus > 1:
        script = tools / f'dist_{step}.sh'
        command = ['bash', script, *inputs, gpus, *options]
    else:
        command = [sys.executable, tools / f'{step}.py', *inputs, *options]
    env = dict(os.environ, PYTHON=sys.executable)
    env.setdefault('PORT', str(free_port()))
    log = folder / f'{step}.log'
    with open(log, 'a') as output:
        begin = output.tell()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            pass_fds=[lock],
        )
        status = wait(process)
    if status:
        text = log.read_bytes()[begin:].decode(errors='replace')
        reason = failure_reason(text)
        raise RuntimeError(
            f'{step} failed with exit status {status}: {reason}'
        )


def wait(process: subprocess.Popen) -> int:
    """Wait for a program; after Ctrl-C it has time to end its workers.

    Args:
        process (subprocess.Popen): The program. The terminal interrupts it,
            too.

    Returns:
        int: Exit status.

    Raises:
        KeyboardInterrupt: After Ctrl-C, when the program has ended.
    """
    try:
        return process.wait()
    except BaseException:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        raise


def failure_reason(text: str) -> str:
    """Find out why a program failed.

    Args:
        text (str): Output of the program.

    Returns:
        str: The last exception, else the last line.
    """
    lines = text.strip().splitlines()
    found = [m[1] for m in map(EXCEPTION.match, lines) if m]
    found = [line for line in found if SUMMARY not in line]
    return (found or lines or ['it printed nothing'])[-1]
