"""Processes of a distributed run over gloo."""

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import torch
from torch import distributed, multiprocessing

from tests import warm

# Seconds. A busy machine takes a minute.
LIMIT = 300


def run_ranks(
    work: Callable,
    folder: Path,
    num: int,
    timeout: timedelta = timedelta(seconds=LIMIT),
) -> None:
    """Call ``work(rank, folder)`` in each of some processes.

    Args:
        work (Callable): A function of a module. Models that it wraps must be
            gone when it returns, for DDP's reducer must not be the last that
            has the group. The group's end joins gloo's threads with the GIL
            held, which they may need to drop what a backward pass left there
            (pytorch#56297, #182083).
        folder (Path): Where the processes meet, and leave results.
        num (int): Processes.
        timeout (timedelta): Of a collective.
    """
    context = multiprocessing.start_processes(
        _run,
        (work, str(folder), num, timeout),
        nprocs=num,
        join=False,
        start_method=warm.METHOD,
    )
    # One call waits for the end of one rank.
    deadline = time.monotonic() + LIMIT
    ended = context.join(timeout=LIMIT)
    while not ended and time.monotonic() < deadline:
        ended = context.join(timeout=deadline - time.monotonic())
    if not ended:
        for process in context.processes:
            process.kill()
    assert ended, f'the ranks have not ended in {LIMIT} seconds'


def _run(
    rank: int, work: Callable, folder: str, num: int, timeout: timedelta
) -> None:
    torch.set_num_threads(1)
    os.environ['LOCAL_RANK'] = str(rank)
    distributed.init_process_group(
        'gloo',
        init_method=f'file://{folder}/meeting',
        rank=rank,
        world_size=num,
        timeout=timeout,
    )
    work(rank, Path(folder))
    distributed.destroy_process_group()
