"""Silencing of libraries that print.

pycocotools prints its progress and has no logger
(https://github.com/cocodataset/cocoapi/blob/master/PythonAPI/pycocotools/coco.py).
Can go when it logs.
"""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Silence pycocotools, which prints and has no logger."""
    with open(os.devnull, 'w') as null, contextlib.redirect_stdout(null):
        yield
