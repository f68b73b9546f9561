"""Peak memory of a call."""

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


def peak_memory(function: Callable[[], object]) -> int | None:
    """Memory that a call takes at its peak, beyond what is taken before.

    Args:
        function (Callable): Called once.

    Returns:
        int | None: Bytes: of the GPU where there is one, else of the process.
        None where the system does not tell.
    """
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        function()
        return torch.cuda.max_memory_allocated() - before
    try:
        RESET.write_text('5')
        before = _status('VmRSS')
    except OSError:
        return None
    function()
    return _status('VmHWM') - before
