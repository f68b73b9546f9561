"""Peak memory of a call."""

import ctypes
from collections.abc import Callable
from pathlib import Path

import torch

STATUS, RESET = Path('/proc/self/status'), Path('/proc/self/clear_refs')


def _status(name: str) -> int:
    (line,) = [
        line
        for line in STATUS.read_text().splitlines()
        if line.startswith(f'{name}:')
    ]
    return int(line.split()[1]) * 1024


def peak_memory(
    function: Callable[[], object], device: str = 'cpu'
) -> int | None:
    """Memory that a call takes at its peak, beyond what is taken before.

    Args:
        function (Callable): Called once.
        device (str): Whose memory: 'cpu' or 'cuda'. Defaults to 'cpu'.

    Returns:
        int | None: Bytes; None where the system does not tell.
    """
    if device == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        function()
        return torch.cuda.max_memory_allocated() - before
    try:
        # Memory that malloc keeps for the next call would not count.
        ctypes.CDLL('libc.so.6').malloc_trim(0)
        RESET.write_text('5')
        before = _status('VmRSS')
    except OSError:
        return None
    function()
    return _status('VmHWM') - before
