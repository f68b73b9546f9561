"""Reading checkpoints that other people wrote."""

import re
from pathlib import Path

import torch

import mmdet_msrcnn  # noqa: F401 - lets mmengine's own classes load


def read_checkpoint(path: str | Path) -> dict:
    """Read a checkpoint without executing anything in it.

    Args:
        path (str or Path): Local file.

    Returns:
        dict: Its content, on the CPU.

    Raises:
        FileNotFoundError: If it does not exist.
        ValueError: If it is no checkpoint, was cut off, or asks for more
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
        # Bytes that are no pickle make the unpickler fail in any way.
        raise ValueError(f'{path} was not loaded: {_reason(error)}') from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, not the dict of a '
            'checkpoint'
        )
    return content


def _reason(error: Exception) -> str:
    """Say what is wrong, without torch's advice to load it all the same."""
    asked = re.search(r'GLOBAL (\S+) ', str(error))
    if asked:
        return (
            f'it asks for {asked[1]}, and what may ask for more than tensors '
            'and plain data can run any code. Nothing was run. If you trust '
            'its source, save its state_dict alone and use that.'
        )
    detail = str(error).rpartition('WeightsUnpickler error:')[2].strip()
    first, *_ = re.split(r'\n|\. ', detail or 'it ends early')
    return (
        f'it was cut off or is no checkpoint ({first}). Download or copy it '
        'again.'
    )
