"""Parts of a table of the paper."""

from typing import NamedTuple

CLASS_SCORE = 'class score'


class Column(NamedTuple):
    """Column of a table.

    Attributes:
        heading (str): Heading with the unit.
        part (str): Part of a run's metrics: 'box', a ranking of the masks,
            'mask' for the ranking of the row's method, 'camouflage' for the
            foreground maps by that ranking, or 'run'.
        item (str): Figure in that part.
        factor (float): Factor from the metric to the unit of the heading.
        decimals (int): Decimals to show.
    """

    heading: str
    part: str
    item: str
    factor: float = 100
    decimals: int = 1


class Row(NamedTuple):
    """Row of a table.

    Attributes:
        label (str): Name of the row.
        variant (str): The model, named after its COCO config without
            schedule and data set.
        paper (tuple): Figure of the paper for each column, or None.
        only_paper (bool): Whether the row has no config, only figures of the
            paper. Defaults to False.
    """

    label: str
    variant: str
    paper: tuple[float | None, ...]
    only_paper: bool = False


class Table(NamedTuple):
    """Table of the paper.

    Attributes:
        title (str): Title.
        columns (tuple[Column]): Columns.
        rows (tuple[Row]): Rows.
        reference (str | None): Variant to compare the mask AP of the other
            rows with, on the same resampled images; ``CLASS_SCORE`` to compare
            each row with the class scores of its own runs.
        paper_protocol (str): Protocol that the paper's figures are for.
            Defaults to 'coco'.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: str | None = None
    paper_protocol: str = 'coco'
