"""COCO's compressed run-length encoding of masks."""

import numpy as np


def encode(mask: np.ndarray) -> dict:
    """Encode a mask as pycocotools does.

    Args:
        mask (np.ndarray): bool of shape (H, W).

    Returns:
        dict: ``size`` [H, W] and ``counts`` (str).
    """
    pixels = mask.ravel(order='F')
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    runs = np.diff([0, *changes, pixels.size]).tolist()
    if pixels.size and pixels[0]:
        # The first run is of background.
        runs.insert(0, 0)
    # From the fourth on, a run is stored as the difference to its last but
    # one.
    values = [
        run - runs[i - 2] if i > 2 else run for i, run in enumerate(runs)
    ]
    return dict(size=list(mask.shape), counts=''.join(map(_letters, values)))


def _letters(value: int) -> str:
    """Write a number in letters of five bits each, the lowest bits first."""
    letters = []
    while True:
        bits, value = value & 31, value >> 5
        # The sign is the highest bit of the last letter.
        done = value == (-1 if bits & 16 else 0)
        letters.append(chr(48 + bits + (0 if done else 32)))
        if done:
            return ''.join(letters)
