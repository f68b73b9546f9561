"""Checks of masks in COCO's run-length format."""

from collections.abc import Iterator

import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.datasets.box_checks import check_format
from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.values import is_number, shorten

# pycocotools stores a run in 32 bits.
MAX_RUN = 2**32 - 1


def read_counts(counts: str | list) -> np.ndarray:
    """Read the run lengths of a mask, compressed or not.

    The format is that of ``rleFrString`` in
    https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c. Each
    character has five bits, lowest first; the sixth bit says that more
    characters follow. From the fourth run on, the value is the difference to
    the run before the last.

    Args:
        counts (str | list): ``counts`` of a segmentation.

    Returns:
        np.ndarray: int64, alternating runs of 0 and 1, shape (n,).

    Raises:
        ValueError: If they are neither form.
    """
    if not counts:
        return np.zeros(0, np.int64)
    if isinstance(counts, list):
        if not all(is_number(v) and v == int(v) for v in counts):
            raise ValueError('a run is not a whole number')
        if any(abs(v) > MAX_RUN for v in counts):
            raise ValueError('a run is too long')
        return np.array(counts, np.int64)
    codes = np.frombuffer(counts.encode(), np.uint8).astype(np.int64) - 48
    if ((codes < 0) | (codes > 63)).any() or codes[-1] & 32:
        raise ValueError("the text is not in COCO's format")
    ends = np.flatnonzero(codes < 32)
    starts = np.r_[0, ends[:-1] + 1]
    if (ends - starts).max() > 6:
        raise ValueError('a run has too many characters')
    place = np.arange(len(codes)) - np.repeat(starts, ends - starts + 1)
    bits = (codes & 31) << (5 * place)
    # The highest bit is the sign.
    bits[ends] -= (codes[ends] & 16) << (5 * place[ends] + 1)
    runs = np.add.reduceat(bits, starts)
    runs[1::2] = runs[1::2].cumsum()
    runs[2::2] = runs[2::2].cumsum()
    return runs


def check_run_lengths(ann: dict, image: dict, where: str) -> Iterator[Finding]:
    """Check that run lengths have the image's size and number of pixels.

    If there are too few, pycocotools fills the mask with uninitialised memory.

    Args:
        ann (dict): The annotation; ``segmentation`` is a dict.
        image (dict): Its image.
        where (str): Name of the annotation.

    Yields:
        Finding: Each problem that was found.
    """
    rle = ann['segmentation']
    size, counts = rle.get('size'), rle.get('counts')
    expected = [image.get('height'), image.get('width')]
    if not isinstance(counts, str | list):
        what = f'{shorten(rle)}; it must have counts and size'
        yield Finding('error', 'segmentation', where, what)
        return
    if not isinstance(size, list | tuple) or list(size) != expected:
        what = f'run lengths have (height, width) {size}, the image {expected}'
        yield Finding('error', 'size of run lengths', where, what)
        return
    if not all(map(is_number, expected)):
        # check_images reports these.
        return
    try:
        runs = read_counts(counts)
    except ValueError as error:
        what = f'counts {shorten(counts)} cannot be read: {error}'
        yield Finding('error', 'run lengths', where, what)
        return
    height, width = map(int, expected)
    if (runs < 0).any() or runs.sum() != height * width:
        what = (
            f'run lengths cover {runs.sum()} pixels, but the image has '
            f'{height * width}; encode the mask again'
        )
        yield Finding('error', 'run lengths', where, what)
        return
    if not runs[1::2].any():
        what = 'the mask has no pixels; leave the annotation out'
        yield Finding('error', 'empty mask', where, what)
        return
    code = mask_utils.frPyObjects(
        dict(size=[height, width], counts=runs.tolist()), height, width
    )
    x, y, w, h = mask_utils.toBbox(code)
    low, high = np.array([x, y]), np.array([x + w, y + h])
    yield from check_format(ann, low, high, where)
