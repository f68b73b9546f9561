"""The first difference of nested settings."""

import pytest

from mmdet_msrcnn.utils.differences import first_difference


@pytest.mark.parametrize(
    ('old', 'new', 'expected'),
    [
        ({}, {}, ''),
        (dict(a=1), dict(a=1), ''),
        (dict(a=1), dict(a=2), 'a was 1 and is 2'),
        (dict(a=1), {}, 'a was 1 and is None'),
        (dict(a=dict(b=[1])), dict(a=dict(b=[2])), 'a.b was [1] and is [2]'),
        (dict(a=dict(b=1)), dict(a=None), "a was {'b': 1} and is None"),
        # In order of names
        (dict(b=1, a=1), dict(b=2, a=2), 'a was 1 and is 2'),
    ],
)
def test_first_difference(old, new, expected):
    assert first_difference(old, new) == expected


def test_key_comes_first():
    assert first_difference(1, 2, 'x') == 'x was 1 and is 2'
    found = first_difference(dict(a=1), dict(a=2), 'x')
    assert found == 'x.a was 1 and is 2'
