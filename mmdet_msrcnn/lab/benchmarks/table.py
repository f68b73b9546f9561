"""Printing measurements."""

from typing import NamedTuple

from mmdet_msrcnn.utils.markdown import markdown_table


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        heading (str): Its heading.
        key (str): Key of the row.
        decimals (int | None): None for what is printed as it is.
        factor (float): Of the figure. Defaults to 1.
    """

    heading: str
    key: str
    decimals: int | None = None
    factor: float = 1


DIFFERENCES = Column('values that differ', 'differences', 0)


def compared(*more: Column) -> tuple[Column, ...]:
    """Columns of mmdet's and our milliseconds."""
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
