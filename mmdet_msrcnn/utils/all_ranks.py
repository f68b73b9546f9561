"""Errors that every rank of a distributed run raises."""

from mmengine.dist import all_gather_object


def raise_on_all_ranks(error: Exception | None) -> None:
    """Raise what any rank has found, on every rank.

    A rank that stops alone leaves the others waiting for it. All ranks must
    call this at the same point.

    Args:
        error (Exception, optional): What this rank has found. Its type must
            take one message.

    Raises:
        Exception: The error of the first rank that has one.
    """
    for found in all_gather_object(error and (type(error), str(error))):
        if found:
            kind, message = found
            raise kind(message) from error
