"""Tables of measurements."""

from typing import NamedTuple

from mmdet_msrcnn.utils.markdown import markdown_table


class Column(NamedTuple):
    """Column of a table.

    Attributes:
        heading (str): Heading.
        key (str): Key of the row.
        decimals (int | None): Decimals to show; None prints the value
            unchanged.
        factor (float): Factor of the value. Defaults to 1.
    """

    heading: str
    key: str
    decimals: int | None = None
    factor: float = 1


DIFFERENCES = Column('values that differ', 'differences', 0)


def compared(*more: Column) -> tuple[Column, ...]:
    """Make columns with the milliseconds of mmdet and ours."""
    return (
        Column('masks', 'masks'),
        Column('mmdet, ms', 'mmdet', 2, 1e3),
        Column('ours, ms', 'ours', 2, 1e3),
        Column('mmdet / ours', 'ratio', 1),
        *more,
    )


def to_markdown(columns: tuple[Column, ...], rows: list[dict]) -> str:
    """Format rows as a Markdown table."""

    def cell(row: dict, column: Column) -> str:
        value = row.get(column.key)
        if value is None:
            return '-'
        if column.decimals is None:
            return str(value)
        return f'{value * column.factor:.{column.decimals}f}'

    return markdown_table(
        [column.heading for column in columns],
        [[cell(row, column) for column in columns] for row in rows],
    )
