"""Timing of functions in comparison."""

import statistics
import time
from collections.abc import Callable, Mapping

import torch


def _synchronize() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def time_in_turn(
    functions: Mapping[str, Callable[[], object]],
    repeats: int = 5,
    warm_up: int = 1,
) -> dict[str, float]:
    """Time functions in turn, so that a slow moment affects all of them.

    Args:
        functions (Mapping[str, Callable]): Functions by name.
        repeats (int): Timed calls per function. Defaults to 5.
        warm_up (int): Calls per function before timing. Defaults to 1.

    Returns:
        dict[str, float]: Median seconds by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for i in range(warm_up + repeats):
        for name, function in functions.items():
            _synchronize()
            start = time.perf_counter()
            function()
            _synchronize()
            if i >= warm_up:
                seconds[name].append(time.perf_counter() - start)
    return {
        name: statistics.median(values) for name, values in seconds.items()
    }


def cpu_seconds_in_turn(
    functions: Mapping[str, Callable[[], object]], repeats: int
) -> dict[str, float]:
    """Measure the CPU time of functions, which other programs do not change.

    Args:
        functions (Mapping[str, Callable]): Functions by name.
        repeats (int): Measured calls per function.

    Returns:
        dict[str, float]: Median seconds by name, of all threads together.
    """
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.process_time()
            function()
            seconds[name].append(time.process_time() - start)
    return {
        name: statistics.median(values) for name, values in seconds.items()
    }


def means(rows: list[dict[str, float]]) -> dict[str, float]:
    """Average rows with the same keys."""
    return {key: statistics.fmean(row[key] for row in rows) for key in rows[0]}


def compare(times: list[dict[str, float]]) -> dict[str, float]:
    """Average seconds over images; add the ratio of mmdet to ours."""
    seconds = means(times)
    return dict(seconds, ratio=seconds['mmdet'] / seconds['ours'])
