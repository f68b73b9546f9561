"""What a table of the paper is made of."""

from typing import NamedTuple


class Column(NamedTuple):
    """What a column shows.

    Attributes:
        heading (str): Heading, with the unit.
        part (str): Part of a run's metrics: 'box', a ranking of the masks,
            'mask' for the ranking of the row's method, or 'run'.
        item (str): Figure of that part.
        factor (float): From the metric to the unit of the heading.
        decimals (int): Decimals to show.
    """

    heading: str
    part: str
    item: str
    factor: float = 100
    decimals: int = 1


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        label (str): Name of the row.
        variant (str): The model, named as its COCO config without schedule
            and data set.
        paper (tuple): The paper's figure for each column, or None.
    """

    label: str
    variant: str
    paper: tuple[float | None, ...]


class Table(NamedTuple):
    """A table of the paper.

    Attributes:
        title (str): What it compares.
        columns (tuple[Column]): Its columns.
        rows (tuple[Row]): Its rows.
        reference (str | None): Variant that the mask AP of the other rows
            is compared with, on the same resampled images.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: str | None = None
