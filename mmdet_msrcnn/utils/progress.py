"""What a program is doing, on standard error."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

T = TypeVar('T')
# Seconds without a sign of progress.
PATIENCE = 10


def report_step(text: str) -> None:
    """Print a line to standard error before a long step."""
    print(text, file=sys.stderr, flush=True)


def track_long(items: Sequence[T], text: str) -> Iterator[T]:
    """Iterate, with a progress bar once it has taken ten seconds.

    Args:
        items (Sequence[T]): Items.
        text (str): What is done with them.

    Yields:
        T: Each item.
    """
    start = time.monotonic()
    # Even without a task it would print an empty line.
    bar = None
    try:
        for done, item in enumerate(items):
            if bar is None and time.monotonic() - start > PATIENCE:
                bar = Progress(console=Console(stderr=True))
                bar.start()
                task = bar.add_task(escape(text), total=len(items))
            if bar is not None:
                bar.update(task, completed=done)
            yield item
        if bar is not None:
            bar.update(task, completed=len(items))
    finally:
        if bar is not None:
            bar.stop()
