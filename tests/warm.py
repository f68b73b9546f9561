"""Processes forked from one that has imported mmdet, which takes seconds."""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

METHOD = 'forkserver'
IMPORTED = ['mmdet.apis', 'mmdet_msrcnn.apis', 'tests.helpers']
CONTEXT = multiprocessing.get_context(METHOD)
CONTEXT.set_forkserver_preload(IMPORTED)
LIMIT = 600  # seconds


def run_script(
    script: Path, *arguments, cwd: Path
) -> subprocess.CompletedProcess:
    """Run a Python script as ``python -W ignore`` would.

    Args:
        script (Path): File to run.
        *arguments: Its arguments.
        cwd (Path): Its working directory.

    Returns:
        subprocess.CompletedProcess: Exit code and output.
    """
    command = [str(script), *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        paths = Path(folder, 'stdout'), Path(folder, 'stderr')
        for path in paths:
            path.touch()
        process = CONTEXT.Process(
            target=_main, args=(command, cwd, dict(os.environ), paths)
        )
        process.start()
        process.join(LIMIT)
        if process.is_alive():
            process.kill()
            process.join()
        return subprocess.CompletedProcess(
            command, process.exitcode, *(path.read_text() for path in paths)
        )


def _main(command: list, cwd: Path, environment: dict, paths: tuple) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for descriptor, path in zip((1, 2), paths, strict=True):
        with open(path, 'wb') as file:
            os.dup2(file.fileno(), descriptor)
    # The script chooses its own method, as in a new process.
    multiprocessing.set_start_method(None, force=True)
    warnings.simplefilter('ignore')
    sys.argv = command
    sys.path.insert(0, str(Path(command[0]).parent))
    runpy.run_path(command[0], run_name='__main__')
