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
    """Measure the peak memory of a call, without the memory used before it.

    Args:
        function (Callable): Function to call once.
        device (str): Memory of 'cpu' or 'cuda'. Defaults to 'cpu'.

    Returns:
        int | None: Bytes; None if the system does not report memory.
    """
    if device == 'cuda':
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        function()
        return torch.cuda.max_memory_allocated() - before
    try:
        # Otherwise memory that malloc keeps for reuse would not count.
        ctypes.CDLL('libc.so.6').malloc_trim(0)
        RESET.write_text('5')
        before = _status('VmRSS')
    except OSError:
        return None
    function()
    return _status('VmHWM') - before


def peak_so_far() -> int | None:
    """Return the peak memory of this process.

    Returns:
        int | None: Bytes; None if the system does not report memory.
    """
    try:
        return _status('VmHWM')
    except OSError:
        return None
