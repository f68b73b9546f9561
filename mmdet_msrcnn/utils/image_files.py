"""Images of a folder, and names for their outputs."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import urlsplit

from mmdet.apis.det_inferencer import IMG_EXTENSIONS


def find_images(folder: Path) -> tuple[list[Path], list[Path]]:
    """Find the images of a folder and its subfolders, by suffix.

    Args:
        folder (Path): Folder.

    Returns:
        tuple[list[Path], list[Path]]: Images (suffix in upper or lower case)
        and other files, both sorted.
    """
    images: list[Path] = []
    others: list[Path] = []
    for path in sorted(path for path in folder.rglob('*') if path.is_file()):
        known = path.suffix.lower() in IMG_EXTENSIONS
        (images if known else others).append(path)
    return images, others


def unreadable(path: str, error: Exception) -> str:
    """Say that an image cannot be read, and why.

    Args:
        path (str): The image.
        error (Exception): What its reader raised.

    Returns:
        str: A sentence.
    """
    reason = f'{type(error).__name__}: {error}'
    if isinstance(error, AssertionError):
        reason = str(error) or 'it is not one'
    return f'{path} cannot be read as an image ({reason})'


# Written in color by OpenCV
WRITTEN = {'.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp'}


class OutputNames:
    """Unique output names of inputs.

    The first input gets the shortest name. If a name is taken, the input gets
    a longer one, with its suffix or its folders. The same input always gets
    the same name.

    Args:
        suffix (bool): Keep the suffix of the input, with ``.png`` after it if
            it is not one of ``WRITTEN``. Defaults to False.
    """

    def __init__(self, suffix: bool = False) -> None:
        self.suffix = suffix
        self._inputs: dict[str, str] = {}

    def name(self, source: str | os.PathLike) -> str:
        """Name the output of an input.

        Args:
            source (str or PathLike): Path or address of the input.

        Returns:
            str: Relative path. It is unique even if upper and lower case are
            not distinguished.
        """
        source = os.fspath(source)
        return next(
            name
            for name in self._candidates(source)
            if self._inputs.setdefault(name.casefold(), source) == source
        )

    def _candidates(self, source: str) -> Iterator[str]:
        path = _local(source)
        path = path if path.name else path / 'input'
        if self.suffix and path.suffix.lower() not in WRITTEN:
            path = path.with_name(f'{path.name}.png')
        name, stem = path.name, path.stem
        short = name if self.suffix else stem
        yield short
        if _local(self._inputs[short.casefold()]).suffix != path.suffix:
            yield name
        folders = path.parts[1:-1]
        for start in range(len(folders) - 1, -1, -1):
            for last in (short, name):
                yield '/'.join((*folders[start:], last))
        for number in count(2):
            yield f'{stem}_{number}{path.suffix if self.suffix else ""}'


def _local(source: str) -> PurePath:
    """Return the absolute path of an input, without an address's host."""
    if '://' in source:
        parts = urlsplit(source).path.split('/')
        return PurePosixPath('/', *(part for part in parts if part != '..'))
    return Path(os.path.abspath(source))
