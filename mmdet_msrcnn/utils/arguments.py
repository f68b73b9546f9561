"""Types of command-line arguments."""

import argparse


def positive(text: str) -> int:
    """Read a number of at least 1.

    Args:
        text (str): The argument.

    Returns:
        int: The number.

    Raises:
        argparse.ArgumentTypeError: If it is not such a number.
    """
    return _whole(text, 1)


def natural(text: str) -> int:
    """Read a number of at least 0.

    Args:
        text (str): The argument.

    Returns:
        int: The number.

    Raises:
        argparse.ArgumentTypeError: If it is not such a number.
    """
    return _whole(text, 0)


def _whole(text: str, lowest: int) -> int:
    if not text.isdecimal() or int(text) < lowest:
        raise argparse.ArgumentTypeError(
            f'must be a whole number of at least {lowest}, got {text}'
        )
    return int(text)


def score_thr(text: str) -> float | str:
    """Read a score threshold.

    Args:
        text (str): The argument.

    Returns:
        float | str: A number in [0, 1], or ``'auto'``.

    Raises:
        argparse.ArgumentTypeError: If it is neither.
    """
    if text == 'auto':
        return text
    try:
        value = float(text)
    except ValueError:
        value = float('nan')
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(
            f'must be a number in [0, 1] or auto, got {text}'
        )
    return value
