"""Reading checkpoints that other people wrote."""

import pickle
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
    except pickle.UnpicklingError as error:
        reason = str(error).strip().splitlines()
        raise ValueError(
            f'{path} was not loaded: it holds more than tensors and plain '
            f'data, and such a file can run any code '
            f'({next((r for r in reason if "GLOBAL" in r), reason[0])}). If '
            'you trust its source, save its state_dict alone and use that.'
        ) from None
    except Exception as error:
        # Bytes that are no pickle make the unpickler fail in any way.
        raise ValueError(
            f'{path} is not a whole checkpoint '
            f'({str(error).splitlines()[0] if str(error) else "it ends"}). '
            'Download or copy it again.'
        ) from None
    if not isinstance(content, dict):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, not the dict of a '
            'checkpoint'
        )
    return content
