"""Tests of values in an annotation file, and names for messages."""

import math
from numbers import Real


def is_number(value: object) -> bool:
    """Return whether a value is a finite number, not text or a bool."""
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number too large for a float.
        return False


def is_id(value: object) -> bool:
    """Return whether a value can be an id: a number or text."""
    return isinstance(value, str) or is_number(value)


def is_box(value: object) -> bool:
    """Return whether a value is a list of four numbers."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 4
        and all(map(is_number, value))
    )


def shorten(value: object) -> str:
    """Write a value in at most 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def name_image(image: dict) -> str:
    """Name an image by file and id."""
    return f'image {image.get("file_name")!r} (id {image.get("id")!r})'


def name_annotation(ann: dict, image: dict | None) -> str:
    """Name an annotation by its id and its image, if the file has it."""
    name = f'annotation {ann.get("id")!r}'
    return name if image is None else f'{name} of {name_image(image)}'
