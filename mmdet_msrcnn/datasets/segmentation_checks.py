"""Checks of one segmentation, polygons or run lengths."""

from collections.abc import Iterator

import numpy as np

from mmdet_msrcnn.datasets.findings import Finding

# Of the sides of a box that is compared with its polygons.
TOLERANCE = 0.1


def check_segmentation(
    ann: dict, image: dict, where: str
) -> Iterator[Finding]:
    """Check the segmentation of an annotation.

    Args:
        ann (dict): The annotation; ``segmentation`` is not None.
        image (dict): Its image.
        where (str): Its name.

    Yields:
        Finding: What was found.
    """
    segmentation = ann['segmentation']
    if isinstance(segmentation, dict):
        yield from check_run_lengths(segmentation, image, where)
    elif isinstance(segmentation, list):
        yield from check_polygons(segmentation, ann, image, where)
    else:
        what = f'{_short(segmentation)}; it must be polygons or run lengths'
        yield Finding('error', 'segmentation', where, what)


def check_run_lengths(rle: dict, image: dict, where: str) -> Iterator[Finding]:
    """``size`` is that of the image, ``counts`` text or a list."""
    size, expected = rle.get('size'), [image.get('height'), image.get('width')]
    if not isinstance(rle.get('counts'), str | list):
        what = f'{_short(rle)}; it must have counts and size'
        yield Finding('error', 'segmentation', where, what)
    elif not isinstance(size, list | tuple) or list(size) != expected:
        what = (
            f'run lengths of (height, width) {size} in an image of {expected}'
        )
        yield Finding('error', 'size of run lengths', where, what)


def check_polygons(
    polygons: list, ann: dict, image: dict, where: str
) -> Iterator[Finding]:
    """Lists of x and y, of three points or more each."""
    if not polygons:
        what = 'segmentation is []; an instance must have a polygon'
        yield Finding('error', 'empty segmentation', where, what)
        return
    if not all(isinstance(part, list | tuple) for part in polygons):
        what = f'{_short(polygons)}; it must be a list of polygons'
        yield Finding('error', 'segmentation', where, what)
        return
    try:
        parts = [np.asarray(part, float) for part in polygons]
        numbers = all(
            part.ndim == 1 and np.isfinite(part).all() for part in parts
        )
    except (TypeError, ValueError):
        numbers = False
    if not numbers or _has_text(polygons):
        what = (
            f'{_short(polygons)}; a polygon must be a flat list of numbers '
            '[x1, y1, x2, y2, ...]'
        )
        yield Finding('error', 'nested or text', where, what)
        return
    short = [len(part) for part in parts if len(part) < 6 or len(part) % 2]
    if short:
        # pycocotools fails, or takes four numbers for a box.
        serious = len(short) == len(parts) or len(parts[0]) == 4
        serious |= any(num % 2 for num in short)
        what = (
            f'a polygon of {short[0]} numbers; it must have x and y of three '
            'points or more'
        )
        level = 'error' if serious else 'warning'
        yield Finding(level, 'short polygon', where, what)
        if serious:
            return
    points = np.concatenate(parts).reshape(-1, 2)
    yield from check_extent(points.min(0), points.max(0), ann, image, where)


def check_extent(
    low: np.ndarray, high: np.ndarray, ann: dict, image: dict, where: str
) -> Iterator[Finding]:
    """Compare the extent of polygons with the image and the box."""
    size = image.get('width'), image.get('height')
    try:
        outside = (high <= 0).any() or (low >= np.array(size, float)).any()
        box = np.array(ann.get('bbox'), float).reshape(4)
    except (TypeError, ValueError):
        return
    if outside:
        what = f'polygons outside of {size[0]} x {size[1]} pixels'
        yield Finding('error', 'polygon outside', where, what)
        return
    if min(box[2:]) < 1:
        # Found elsewhere.
        return
    sides = np.tile(np.maximum(high - low, 1), 2)
    as_told = np.concatenate([low, high - low])
    as_corners = np.concatenate([low, high])
    off, off_corners = (
        (np.abs(box - expected) / sides).max()
        for expected in (as_told, as_corners)
    )
    if off > TOLERANCE >= off_corners:
        what = (
            f'bbox {_short(ann["bbox"])} is (x1, y1, x2, y2); COCO has '
            '(x, y, width, height)'
        )
        yield Finding('error', 'format of the box', where, what)
    elif off > 2 * TOLERANCE and min(high - low) > 5:
        told = [round(float(v), 1) for v in as_told]
        what = f'bbox {_short(ann["bbox"])}, but the polygons have {told}'
        yield Finding('warning', 'box and polygons differ', where, what)


def _has_text(polygons: list) -> bool:
    return any(isinstance(v, str | bool) for part in polygons for v in part)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'
