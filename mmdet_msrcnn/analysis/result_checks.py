"""What is valid in the results of a model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmdet_msrcnn.datasets.values import is_box, is_id, is_number, shorten

OPTIONAL_SCORES = ('mask_iou', 'mask_score')


def is_score(value: Any) -> bool:
    """Return whether it is a number in [0, 1]."""
    return is_number(value) and 0 <= value <= 1


def is_bbox(value: Any) -> bool:
    """Return whether it is (x, y, width, height)."""
    return is_box(value) and min(value[2:]) >= 0


def is_rle(value: Any) -> bool:
    """Return whether it is a compressed RLE of COCO."""
    if not isinstance(value, dict) or not isinstance(value.get('counts'), str):
        return False
    size = value.get('size')
    return isinstance(size, list) and [*map(is_count, size)] == [True] * 2


def are_ids(value: Any) -> bool:
    """Return whether they are different ids of one kind."""
    if not isinstance(value, list) or not all(map(is_id, value)):
        return False
    kinds = {isinstance(one, str) for one in value}
    return len(kinds) == 1 and len({*value}) == len(value)


def are_iou_thrs(value: Any) -> bool:
    """Return whether they are IoU thresholds."""
    return (
        isinstance(value, list) and bool(value) and all(map(is_score, value))
    )


def is_count(value: Any) -> bool:
    """Return whether it is a whole number of at least 1."""
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and value > 0


SCORE = is_score, 'a number in [0, 1]'
IDS = are_ids, 'a list of different numbers, or of different names'
# What is valid, and in words
PROTOCOL = dict(
    cat_ids=IDS,
    img_ids=IDS,
    max_dets=(is_count, 'a whole number of at least 1'),
    iou_thrs=(are_iou_thrs, 'a list of numbers in [0, 1]'),
)
DETECTION = dict(
    score=SCORE,
    bbox=(is_bbox, '[x, y, width, height]'),
    segmentation=(is_rle, 'an RLE with size and counts as text'),
)


def check_protocol(results: dict, path: str | Path) -> None:
    """Check the settings of the evaluation.

    Args:
        results (dict): From :func:`read_results`.
        path (str or Path): Their file, for messages.

    Raises:
        ValueError: If one is not valid.
    """
    for name, (is_valid, allowed) in PROTOCOL.items():
        if not is_valid(results[name]):
            raise ValueError(
                f'{name} of {path} is {shorten(results[name])}; it must be '
                f'{allowed}. Make the file again.'
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
    checks = {
        'image_id': (among(results['img_ids']), 'one of img_ids'),
        'category_id': (among(results['cat_ids']), 'one of cat_ids'),
        **DETECTION,
        # All detections have these, or none.
        **{n: SCORE for n in OPTIONAL_SCORES if n in detections[0]},
    }
    for number, det in enumerate(detections):
        for name, (is_valid, allowed) in checks.items():
            if not is_valid(det.get(name)):
                raise ValueError(
                    f'{name} of detection {number} of {path} is '
                    f'{shorten(det.get(name))}; it must be {allowed}. Make '
                    'the file again.'
                )


def among(ids: list) -> Callable[[Any], bool]:
    """Return a function that returns whether a value is one of the ids."""
    known = set(ids)
    return lambda value: is_id(value) and value in known
