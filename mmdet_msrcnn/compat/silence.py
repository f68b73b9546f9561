"""Quiet libraries."""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep pycocotools, which has no logger, from printing."""
    with open(os.devnull, 'w') as null, contextlib.redirect_stdout(null):
        yield
