"""Printing measurements."""

from mmdet_msrcnn.lab.benchmarks.table import (
    DIFFERENCES,
    Column,
    compared,
    to_markdown,
)
from tests.helpers import squeezed


def lines(columns, rows) -> list[str]:
    header, line, *others = squeezed(to_markdown(columns, rows)).splitlines()
    assert set(line) == set('|-')
    return [header, *others]


def test_units_decimals_and_what_is_missing():
    columns = (
        Column('head', 'head'),
        Column('ms', 'seconds', 1, 1e3),
        Column('M', 'parameters', 2, 1e-6),
    )
    rows = [
        dict(head='a', seconds=0.01234, parameters=16_344_000, other=1),
        dict(head='b', seconds=0, parameters=None),
        dict(head='c'),
    ]
    assert lines(columns, rows) == [
        '| head | ms | M |',
        '| a | 12.3 | 16.34 |',
        # Nothing was measured; 0 was.
        '| b | 0.0 | - |',
        '| c | - | - |',
    ]


def test_seconds_are_compared_in_milliseconds():
    row = dict(
        masks='bitmap', mmdet=0.0125, ours=0.002, ratio=6.25, differences=3
    )
    assert lines(compared(DIFFERENCES), [row]) == [
        '| masks | mmdet, ms | ours, ms | mmdet / ours | values that differ |',
        '| bitmap | 12.50 | 2.00 | 6.2 | 3 |',
    ]
