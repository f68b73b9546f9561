"""Errors that every rank of a distributed run raises."""

from mmengine.dist import all_gather_object


def raise_on_all_ranks(error: Exception | None) -> None:
    """Raise the error of any rank on every rank.

    If only one rank stops, the others wait for it forever. All ranks must call
    this at the same point.

    Args:
        error (Exception, optional): Error of this rank. Its type must accept
            a single message.

    Raises:
        Exception: The error of the first rank that has one.
    """
    for found in all_gather_object(error and (type(error), str(error))):
        if found:
            kind, message = found
            raise kind(message) from error
