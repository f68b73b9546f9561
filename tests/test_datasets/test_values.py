"""Values as JSON gives them, and names for messages."""

import math

import pytest

from mmdet_msrcnn.datasets.values import (
    is_box,
    is_id,
    is_number,
    name_annotation,
    name_image,
    shorten,
)

NUMBERS = [0, -3, 2.5, 10**15]
OTHERS = [True, None, [1], {}, math.nan, math.inf, -math.inf, 10**400]


@pytest.mark.parametrize('value', NUMBERS)
def test_numbers(value):
    assert is_number(value)
    assert is_id(value)
    assert is_box([1, 2, 3, value])
    assert is_box((value, 2, 3, 4))


@pytest.mark.parametrize('value', [*OTHERS, '7'])
def test_values_that_are_not_numbers(value):
    assert not is_number(value)
    assert not is_box([1, 2, 3, value])
    # Text can be an id.
    assert is_id(value) == (value == '7')


@pytest.mark.parametrize('value', [[1, 2, 3], [1, 2, 3, 4, 5], '1234', None])
def test_values_that_are_not_boxes(value):
    assert not is_box(value)


def test_long_values_are_cut_at_60_characters():
    # Quotes count: the text of a string has two of them.
    assert shorten('a' * 58) == f"'{'a' * 58}'"
    assert shorten('a' * 59) == f"'{'a' * 56}..."
    assert len(shorten(list(range(1000)))) == 60
    assert shorten([1, 'x']) == "[1, 'x']"


def test_names():
    image = dict(id=7, file_name='a.png')
    assert name_image(image) == "image 'a.png' (id 7)"
    assert name_image({}) == 'image None (id None)'
    name = "annotation '3' of image 'a.png' (id 7)"
    assert name_annotation(dict(id='3'), image) == name
    assert name_annotation(dict(id=3), None) == 'annotation 3'
    assert name_annotation({}, None) == 'annotation None'
