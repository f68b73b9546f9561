"""What is valid in the results of a model."""

import math
from numbers import Real
from pathlib import Path
from typing import Any

OPTIONAL_SCORES = ('mask_iou', 'mask_score')


def is_number(value: Any) -> bool:
    """Return whether it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    return math.isfinite(value)


def is_score(value: Any) -> bool:
    """Return whether it is a number in [0, 1]."""
    return is_number(value) and 0 <= value <= 1


def is_box(value: Any) -> bool:
    """Return whether it is (x, y, width, height)."""
    is_four = isinstance(value, list) and len(value) == 4
    return is_four and all(map(is_number, value)) and min(value[2:]) >= 0


def is_rle(value: Any) -> bool:
    """Return whether it is a compressed RLE of COCO."""
    if not isinstance(value, dict) or not isinstance(value.get('counts'), str):
        return False
    size = value.get('size')
    return isinstance(size, list) and [*map(is_count, size)] == [True] * 2


def is_id(value: Any) -> bool:
    """Return whether it is a number or text."""
    return isinstance(value, int | str)


def are_ids(value: Any) -> bool:
    """Return whether they are different ids of one type."""
    if not isinstance(value, list) or not all(map(is_id, value)):
        return False
    return len({*map(type, value)}) == 1 and len({*value}) == len(value)


def are_iou_thrs(value: Any) -> bool:
    """Return whether they are IoU thresholds."""
    return (
        isinstance(value, list) and bool(value) and all(map(is_score, value))
    )


def is_count(value: Any) -> bool:
    """Return whether it is a whole number of at least 1."""
    return isinstance(value, int) and value > 0


# What is valid, by key
PROTOCOL = dict(
    cat_ids=are_ids, img_ids=are_ids, max_dets=is_count, iou_thrs=are_iou_thrs
)
DETECTION = dict(score=is_score, bbox=is_box, segmentation=is_rle)


def check_protocol(results: dict, path: str | Path) -> None:
    """Check the settings of the evaluation.

    Args:
        results (dict): From :func:`read_results`.
        path (str or Path): Their file, for messages.

    Raises:
        ValueError: If one is not valid.
    """
    for name, is_valid in PROTOCOL.items():
        if not is_valid(results[name]):
            raise ValueError(
                f'{path} has no valid {name}, but '
                f'{str(results[name])[:80]}. Make it again.'
            )


def check_detections(results: dict, path: str | Path) -> None:
    """Check that all detections are complete and valid.

    Args:
        results (dict): From :func:`read_results`.
        path (str or Path): Their file, for messages.

    Raises:
        ValueError: If one is not.
    """
    detections = results['detections']
    is_list = isinstance(detections, list)
    if not is_list or not all(isinstance(det, dict) for det in detections):
        raise ValueError(
            f'the detections of {path} are not a list of detections. Make '
            'the file again.'
        )
    img_ids, cat_ids = map(set, (results['img_ids'], results['cat_ids']))
    checks = {
        'image_id': lambda value: is_id(value) and value in img_ids,
        'category_id': lambda value: is_id(value) and value in cat_ids,
        **DETECTION,
        # All detections have these, or none.
        **{n: is_score for n in OPTIONAL_SCORES if n in detections[0]},
    }
    for number, det in enumerate(detections):
        wrong = [n for n, ok in checks.items() if not ok(det.get(n))]
        if wrong:
            raise ValueError(
                f'detection {number} of {path} has no valid '
                f'{", ".join(wrong)}. Make the file again.'
            )
