"""Functions that write a file completely or not at all."""

import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path that replaces ``path`` when the block succeeds.

    Args:
        path (str or PathLike): Final path; its folder is created.

    Yields:
        Path: A new file in the same folder, with the same suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f'.{path.stem}-{secrets.token_hex(4)}{path.suffix}'
    temporary = path.with_name(name)
    # Not mkstemp, because only the owner can read its files.
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        if path.exists():
            temporary.chmod(path.stat().st_mode)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_bytes(path: str | os.PathLike, content: bytes) -> None:
    """Write a file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def check_not_overwritten(
    outputs: Iterable[Path], inputs: Iterable[Path]
) -> None:
    """Check that no output is an input.

    Args:
        outputs (Iterable[Path]): Files to write.
        inputs (Iterable[Path]): Files that are read.

    Raises:
        ValueError: If an output is an input.
    """
    inputs = {Path(path).resolve() for path in inputs}
    for path in outputs:
        if Path(path).resolve() in inputs:
            raise ValueError(
                f'{path} is an input and would be overwritten; choose '
                'another output'
            )


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def write_json(path: str | os.PathLike, content: Any) -> None:
    """Write a JSON file atomically.

    NumPy numbers are written as Python numbers. NaN is written as ``null``,
    because JSON has no NaN.

    Args:
        path (str or PathLike): File to write.
        content (Any): Dicts, lists, strings and numbers.

    Raises:
        TypeError: If it contains anything else.
        ValueError: If a number is infinite.
    """
    options: dict[str, Any] = dict(allow_nan=False, default=_to_python)
    with atomic_path(path) as temporary, open(temporary, 'w') as file:
        try:
            json.dump(content, file, **options)
        except ValueError:
            file.seek(0)
            file.truncate()
            json.dump(_nan_to_none(content), file, **options)


def _to_python(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f'{value!r} of type {type(value).__name__} cannot be written to JSON'
    )


def _nan_to_none(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _nan_to_none(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_nan_to_none(value) for value in content]
    is_nan = isinstance(content, float | np.floating) and np.isnan(content)
    return None if is_nan else content
