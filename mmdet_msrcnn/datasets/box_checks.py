"""Checks of boxes, alone and compared with others in the image."""

from collections.abc import Iterator

import numpy as np

from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.values import is_box, is_number, shorten

# Allowed difference, as a share of the side of a box.
TOLERANCE = 0.1


def check_box(ann: dict, image: dict | None, where: str) -> Iterator[Finding]:
    """Check that a box is (x, y, width, height) and overlaps the image."""
    box = ann.get('bbox')
    if box is None:
        return
    if not is_box(box):
        what = f'bbox is {shorten(box)}; it must be [x, y, width, height]'
        yield Finding('error', 'box', where, what)
        return
    x, y, width, height = box
    if width < 1 or height < 1:
        what = f'bbox is {box}: left out of training, counted in evaluation'
        yield Finding('warning', 'no box', where, what)
    elif image is not None and all(
        is_number(image.get(key)) for key in ('width', 'height')
    ):
        right, bottom = image['width'], image['height']
        if min(right - x, bottom - y, x + width, y + height) <= 0:
            what = (
                f'bbox {box} lies outside {right} x {bottom} pixels: left '
                'out of training, counted in evaluation'
            )
            yield Finding('warning', 'box outside', where, what)


def check_format(
    ann: dict, low: np.ndarray, high: np.ndarray, where: str
) -> Iterator[Finding]:
    """Compare the box with the extent of the mask.

    Args:
        ann (dict): The annotation.
        low (np.ndarray): Left and top edge of the mask, shape (2,).
        high (np.ndarray): Right and bottom edge, shape (2,).
        where (str): Name of the annotation.

    Yields:
        Finding: At most one.
    """
    box = ann.get('bbox')
    if box is None or not is_box(box) or min(box[2:]) < 1:
        # check_box reports these.
        return
    sides = np.tile(np.maximum(high - low, 1), 2)
    as_told = np.concatenate([low, high - low])
    as_corners = np.concatenate([low, high])
    off, off_corners = (
        (np.abs(np.array(box, float) - expected) / sides).max()
        for expected in (as_told, as_corners)
    )
    if off > TOLERANCE >= off_corners:
        what = (
            f'bbox {shorten(box)} is (x1, y1, x2, y2); COCO needs '
            '(x, y, width, height)'
        )
        yield Finding('error', 'format of the box', where, what)
    elif off > 2 * TOLERANCE and min(high - low) > 5:
        told = [round(float(v), 1) for v in as_told]
        what = f'bbox is {shorten(box)}, but the box of the mask is {told}'
        yield Finding('warning', 'box and mask differ', where, what)


def weigh_formats(findings: list[Finding], num: int) -> list[Finding]:
    """Keep wrong box formats as errors only if most boxes have them.

    The box of a small object near the image's corner can fit both formats.

    Args:
        findings (list[Finding]): Findings of the file.
        num (int): Number of annotations in the file.

    Returns:
        list[Finding]: The findings, some with a lower level.
    """
    kind = 'format of the box'
    if 2 * sum(finding.kind == kind for finding in findings) > num:
        return findings
    return [
        finding._replace(level='warning') if finding.kind == kind else finding
        for finding in findings
    ]


def check_duplicates(
    instances: list[tuple[dict, str]], min_iou: float = 0.95
) -> Iterator[Finding]:
    """Find instances of a class that are nearly equal.

    Args:
        instances (list[tuple[dict, str]]): Annotations of one image and
            category without errors, each with its name.
        min_iou (float): Box IoU from which instances count as equal. Defaults
            to 0.95.

    Yields:
        Finding: One for each instance that repeats an earlier one.
    """
    if len(instances) < 2:
        return
    boxes = np.array([ann['bbox'] for ann, _ in instances], float)
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    areas = boxes[:, 2:].clip(0).prod(1)
    for i in range(1, len(instances)):
        size = np.minimum(high[i], high[:i]) - np.maximum(low[i], low[:i])
        overlap = size.clip(0).prod(1)
        union = (areas[i] + areas[:i] - overlap).clip(1e-9)
        first = int((overlap / union).argmax())
        if overlap[first] / union[first] >= min_iou:
            what = f'nearly equal to annotation {instances[first][0]["id"]!r}'
            yield Finding('warning', 'repeated', instances[i][1], what)
