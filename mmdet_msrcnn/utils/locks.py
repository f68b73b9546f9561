"""Locks between processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = '.lock'


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Keep other processes out of a folder.

    The lock belongs to an open file. It lasts until this process and all
    processes that inherited the file have ended.

    Args:
        folder (Path): Folder of a run.

    Yields:
        int: Descriptor of the file, for subprocesses to inherit.

    Raises:
        RuntimeError: If another process works in the folder.
    """
    with open(folder / NAME, 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f'another process is working in {folder}; wait for it, or '
                'stop it'
            ) from None
        yield file.fileno()


def release_locks_in_workers() -> None:
    """Let processes that are forked from this one hold no lock.

    A worker that loads data can outlive a training that was killed, and would
    keep the next one out.
    """
    os.register_at_fork(after_in_child=release_locks)


def release_locks() -> None:
    """Give up the locks that this process has inherited, on Linux."""
    descriptors = Path('/proc/self/fd')
    if not descriptors.is_dir():
        return
    null = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir(descriptors):
        try:
            target = os.readlink(descriptors / name)
        except FileNotFoundError:  # that of the listing itself
            continue
        if os.path.basename(target) == NAME:
            # Not closed, because an object of Python owns it.
            os.dup2(null, int(name))
    os.close(null)
