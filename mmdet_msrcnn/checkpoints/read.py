"""Safe reading of checkpoints from other people."""

import os
import re
from pathlib import Path

import torch

import mmdet_msrcnn  # noqa: F401 - lets mmengine's own classes load

# Of a zip file, and of a pickle of protocol 2 or later.
STARTS = (b'PK', b'\x80')


def read_checkpoint(path: str | os.PathLike) -> dict:
    """Read a checkpoint without executing code in it.

    Args:
        path (str or PathLike): Local file.

    Returns:
        dict: Its content, on the CPU.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is not a checkpoint, is incomplete, or contains more
            than tensors and plain data.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    with open(path, 'rb') as file:
        start = file.read(64).lstrip()
    if start.startswith(b'<'):
        raise ValueError(
            f'{path} is a web page, not a checkpoint. Download it again.'
        )
    try:
        content = torch.load(path, map_location='cpu', weights_only=True)
    except Exception as error:
        # Other bytes make the unpickler raise exceptions of any type.
        reason = _reason(error, start.startswith(STARTS))
        raise ValueError(f'{path} was not loaded: {reason}') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} contains a {type(content).__name__}, not the dict of a '
            'checkpoint'
        )
    return content


def _reason(error: Exception, is_pickle: bool) -> str:
    """Name the reason, without torch's advice to load the file anyway."""
    asked = re.search(r'GLOBAL (\S+) ', str(error))
    # The letters of another file may look like a request.
    if asked and is_pickle:
        return (
            f'it asks for {asked[1]}. A file that asks for more than tensors '
            'and plain data can run any code. Nothing was run. If you trust '
            'its source, save only its state_dict and use that.'
        )
    detail = str(error).rpartition('WeightsUnpickler error:')[2].strip()
    first, *_ = re.split(r'\n|\. ', detail or 'it ends early')
    return (
        f'it is incomplete or not a checkpoint ({first}). Give the *.pth '
        'file that a training wrote; if this is one, download or copy it '
        'again.'
    )
