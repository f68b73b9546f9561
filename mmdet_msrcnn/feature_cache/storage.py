"""Files of a feature cache.

A folder holds one binary file per field, with the values of all RoIs in the
order of views and images, and ``index.json``, which is written last.
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from mmdet_msrcnn.utils.io import write_json
from mmdet_msrcnn.utils.locks import locked

INDEX = 'index.json'
GB = 1e9


class Writer:
    """Writer of a cache.

    Args:
        folder (Path): Folder of the files.
        max_gb (float): Limit of the size in GB (1e9 bytes).
    """

    def __init__(self, folder: Path, max_gb: float) -> None:
        self.folder = folder
        self.max_gb = max_gb
        self.size = 0
        self.counts: list[int] = []
        self.fields: dict[str, Any] = {}
        self._files: dict[str, BinaryIO] = {}

    def add(self, values: dict[str, Tensor]) -> None:
        """Append the RoIs of one image.

        Args:
            values (dict[str, Tensor]): Fields, each of shape (K, ...).

        Raises:
            ValueError: If the cache becomes larger than its limit.
        """
        arrays = {k: v.cpu().contiguous().numpy() for k, v in values.items()}
        self.size += sum(array.nbytes for array in arrays.values())
        if self.size > self.max_gb * GB:
            raise ValueError(
                f'The feature cache is larger than max_gb={self.max_gb:g} '
                f'after {len(self.counts)} images and views. Raise '
                'train_cfg.max_gb, or train directly with '
                "train_cfg.type='EpochBasedTrainLoop'."
            )
        for name, array in arrays.items():
            if name not in self._files:
                path = self.folder / f'{name}.bin'
                self._files[name] = open(path, 'wb')  # noqa: SIM115
                self.fields[name] = [array.dtype.str, array.shape[1:]]
            array.tofile(self._files[name])
        self.counts.append(len(array))

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()


@contextmanager
def new_cache(folder: Path, max_gb: float, key: dict) -> Iterator[Writer]:
    """Write a cache completely or not at all.

    Args:
        folder (Path): Folder of the cache; must not exist, or be empty.
        max_gb (float): See :class:`Writer`.
        key (dict): What the cache is valid for, stored with it.

    Yields:
        Writer: Its files are renamed to ``folder`` when the block succeeds.

    Raises:
        FileExistsError: If ``folder`` has other files.
        RuntimeError: If another process writes the same cache.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(
            f'{folder} has files, but no {INDEX}. Set train_cfg.cache_dir to '
            'a folder that does not exist.'
        )
    partial = folder.with_name(f'.{folder.name}-partial')
    partial.mkdir(parents=True, exist_ok=True)
    with locked(partial):
        _remove_files(partial)
        writer = Writer(partial, max_gb)
        try:
            yield writer
            writer.close()
            content = dict(key=key, counts=writer.counts, fields=writer.fields)
            write_json(partial / INDEX, content)
            (partial / '.lock').unlink()
            os.replace(partial, folder)
        except BaseException:
            writer.close()
            _remove_files(partial)
            raise


def _remove_files(folder: Path) -> None:
    for path in [*folder.glob('*.bin'), *folder.glob(INDEX)]:
        path.unlink()


class Storage:
    """Reader of a cache.

    Args:
        folder (Path): Folder of the cache.

    Raises:
        ValueError: If a file is missing or has another size than it should.
    """

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / INDEX).read_text())
        self.key: dict = index['key']
        self.starts = np.cumsum([0, *index['counts']])
        total = int(self.starts[-1])
        self.fields = {}
        for name, (dtype, shape) in index['fields'].items():
            path, shape = folder / f'{name}.bin', (total, *shape)
            expected = math.prod(shape) * np.dtype(dtype).itemsize
            found = path.stat().st_size if path.is_file() else None
            if found != expected:
                raise ValueError(
                    f'{path} should have {expected} bytes and has {found}. '
                    f'Delete {folder}; it will be written again.'
                )
            self.fields[name] = (
                np.memmap(path, dtype, 'r', shape=shape)
                if expected
                else np.empty(shape, dtype)
            )

    def __len__(self) -> int:
        """Return the number of images and views."""
        return len(self.starts) - 1

    def read(self, index: int) -> dict[str, Tensor]:
        """Read the RoIs of one image and view.

        Args:
            index (int): Index in the order in which they were added.

        Returns:
            dict[str, Tensor]: Copies of the fields.
        """
        own = slice(self.starts[index], self.starts[index + 1])
        return {
            name: torch.from_numpy(np.array(values[own]))
            for name, values in self.fields.items()
        }
