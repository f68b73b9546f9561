"""What the rows of every benchmark have in common."""

from mmdet_msrcnn.lab.benchmarks.table import Column, to_markdown


def assert_printable(rows: list[dict], columns: tuple[Column, ...]) -> None:
    """Every figure of the table is there and positive."""
    keys = {c.key for c in columns} - {'differences', 'difference'}
    for row in rows:
        for key in keys - {'mmdet_bytes', 'ours_bytes'}:
            value = row[key]
            assert isinstance(value, str) or value > 0, key
    assert to_markdown(columns, rows).count('\n') == len(rows) + 1
