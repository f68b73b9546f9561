"""Errors that every rank of a distributed run raises."""

import pickle
from collections.abc import Callable
from datetime import timedelta

from mmengine.dist import all_gather_object, is_distributed, is_main_process
from torch import distributed

# Collectives of the usual group end with an error after 10 to 30 minutes.
MAX_WAIT = timedelta(days=7)


def raise_on_all_ranks(
    error: Exception | None, group: distributed.ProcessGroup | None = None
) -> None:
    """Raise the error of any rank on every rank.

    If only one rank stops, the others wait for it forever. All ranks must call
    this at the same point.

    Args:
        error (Exception, optional): Error of this rank.
        group (ProcessGroup, optional): The ranks; all by default.

    Raises:
        Exception: The error of the first rank that has one, or a RuntimeError
            with its message if its type takes more than a message.
    """
    own = error and _portable(error)
    for found in all_gather_object(own, group):
        if found:
            raise _rebuilt(*found) from error


def _portable(error: Exception) -> tuple[type[Exception], str]:
    """Return type and message; RuntimeError for a type of no module."""
    kind, message = type(error), str(error)
    try:
        pickle.dumps(kind)
    except (AttributeError, pickle.PicklingError):
        return RuntimeError, f'{kind.__name__}: {message}'
    return kind, message


def _rebuilt(kind: type[Exception], message: str) -> Exception:
    """Build an error again; a RuntimeError if its type needs more."""
    try:
        return kind(message)
    except TypeError:
        return RuntimeError(f'{kind.__name__}: {message}')


def run_on_main_rank(work: Callable[[], None]) -> None:
    """Call a function on the main rank while the others wait, however long.

    Args:
        work (Callable): The function.

    Raises:
        Exception: Its error, on every rank; see :func:`raise_on_all_ranks`.
    """
    if not is_distributed():
        work()
        return
    group = distributed.new_group(backend='gloo', timeout=MAX_WAIT)
    error = None
    if is_main_process():
        try:
            work()
        except Exception as reason:
            error = reason
    try:
        raise_on_all_ranks(error, group)
    finally:
        distributed.destroy_process_group(group)
