"""Checks of one segmentation, polygons or run lengths."""

from collections.abc import Iterator

import numpy as np

from mmdet_msrcnn.datasets.box_checks import check_format
from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.run_lengths import check_run_lengths
from mmdet_msrcnn.datasets.values import is_number, shorten


def check_segmentation(
    ann: dict, image: dict, where: str
) -> Iterator[Finding]:
    """Check the segmentation of an annotation.

    Args:
        ann (dict): The annotation; ``segmentation`` is not None.
        image (dict): Its image.
        where (str): Name of the annotation.

    Yields:
        Finding: Each problem that was found.
    """
    segmentation = ann['segmentation']
    if isinstance(segmentation, dict):
        yield from check_run_lengths(ann, image, where)
    elif isinstance(segmentation, list):
        yield from check_polygons(segmentation, ann, image, where)
    else:
        what = f'{shorten(segmentation)}; it must be polygons or run lengths'
        yield Finding('error', 'segmentation', where, what)


def check_polygons(
    polygons: list, ann: dict, image: dict, where: str
) -> Iterator[Finding]:
    """Check that polygons are lists of x and y, with at least 3 points."""
    if not polygons:
        what = 'segmentation is []; an instance must have a polygon'
        yield Finding('error', 'empty segmentation', where, what)
        return
    if not all(isinstance(part, list | tuple) for part in polygons):
        what = f'{shorten(polygons)}; it must be a list of polygons'
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
            f'{shorten(polygons)}; a polygon must be a flat list of numbers '
            '[x1, y1, x2, y2, ...]'
        )
        yield Finding('error', 'nested or text', where, what)
        return
    short = [len(part) for part in parts if len(part) < 6 or len(part) % 2]
    if short:
        # pycocotools tells boxes from polygons by the first part.
        serious = len(short) == len(parts) or len(parts[0]) <= 4
        serious |= any(num % 2 for num in short)
        what = (
            f'a polygon has {short[0]} numbers; it must have x and y of at '
            'least three points'
        )
        level = 'error' if serious else 'warning'
        yield Finding(level, 'short polygon', where, what)
        if serious:
            return
    parts = [part.reshape(-1, 2) for part in parts if len(part) >= 6]
    points = np.concatenate(parts)
    low, high = points.min(0), points.max(0)
    size = image.get('width'), image.get('height')
    if all(map(is_number, size)) and (
        (high < 0).any() or (low > np.array(size)).any()
    ):
        what = (
            f'polygons lie outside {size[0]} x {size[1]} pixels: the mask is '
            'empty'
        )
        yield Finding('warning', 'polygon outside', where, what)
        return
    if not any(map(polygon_area, parts)):
        what = f'{shorten(polygons)}; the polygon has no area'
        yield Finding('warning', 'flat polygon', where, what)
        return
    yield from check_format(ann, low, high, where)


def polygon_area(points: np.ndarray) -> float:
    """Compute the area of a polygon.

    Args:
        points (np.ndarray): x and y of its corners, shape (n, 2).

    Returns:
        float: Area by the shoelace formula; overlapping parts may cancel out.
    """
    x, y = (points - points[0]).T
    return abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _has_text(polygons: list) -> bool:
    return any(isinstance(v, str | bool) for part in polygons for v in part)
