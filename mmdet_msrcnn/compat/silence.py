"""Silencing of libraries that print."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Silence pycocotools, which prints and has no logger."""
    with open(os.devnull, 'w') as null, contextlib.redirect_stdout(null):
        yield
