"""What a program is doing, on standard error."""

import sys


def report_step(text: str) -> None:
    """Print a line to standard error before a long step."""
    print(text, file=sys.stderr, flush=True)
