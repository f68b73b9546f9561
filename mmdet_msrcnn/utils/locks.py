"""Locks between processes."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
    with open(folder / '.lock', 'w') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f'another process is working in {folder}; wait for it, or '
                'stop it'
            ) from None
        yield file.fileno()
