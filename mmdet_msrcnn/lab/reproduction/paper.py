"""Parts of a table of the paper."""

from typing import NamedTuple

CLASS_SCORE = 'class score'
COCO = 'coco'


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
        variant (str | None): The model, named after its COCO config without
            schedule and data set. On Cityscapes, ``_cityscapes`` follows.
            None for another system, whose figures are only quoted.
        paper (tuple): Figure of the paper for each column, or None.
        source (str): Address of the paper or page that prints the figures of
            another system. Defaults to ''.
    """

    label: str
    variant: str | None
    paper: tuple[float | None, ...]
    source: str = ''


class Table(NamedTuple):
    """Table of the paper.

    Attributes:
        title (str): Title.
        columns (tuple[Column]): Columns.
        rows (tuple[Row]): Rows.
        reference (str | None): Variant to compare the mask AP of the other
            rows with, on the same resampled images; ``CLASS_SCORE`` to compare
            each row with the class scores of its own runs.
        backbone (tuple[str, str] | None): The backbone of all rows, in
            variants and in words, if small protocols train the rows end to
            end with their own backbone. Defaults to None.
        paper_protocol (str): Protocol that the paper's figures are for.
            Defaults to 'coco'.
        protocols (tuple[str]): Protocols whose metrics have these columns.
            Defaults to all, ().
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    reference: str | None = None
    backbone: tuple[str, str] | None = None
    paper_protocol: str = COCO
    protocols: tuple[str, ...] = ()

    @property
    def variants(self) -> list[str]:
        """The models of the rows, without other systems."""
        return [row.variant for row in self.rows if row.variant is not None]
