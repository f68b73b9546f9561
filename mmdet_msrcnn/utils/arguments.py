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
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(
            f'must be a whole number of at least 1, got {text}'
        )
    return int(text)
