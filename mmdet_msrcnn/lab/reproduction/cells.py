"""Tables of the paper, filled with results."""

import math
import statistics
from dataclasses import dataclass

from mmdet_msrcnn.analysis.bootstrap import interval
from mmdet_msrcnn.lab.reproduction.paper import (
    CLASS_SCORE,
    Column,
    Row,
    Table,
)
from mmdet_msrcnn.lab.reproduction.protocols import END_TO_END

RESAMPLED = 'mask_ap_resampled'
CLASS_RESAMPLED = 'class_ap_resampled'


@dataclass(frozen=True)
class Cell:
    """One figure of a row; None if there is nothing to show.

    Attributes:
        column (str): Heading of the column.
        paper (float | None): Figure of the paper.
        ours (float | None): Mean over seeds.
        std (float | None): Standard deviation over two or more seeds.
        seeds (int): Number of seeds.
        difference (float | None): Ours minus the paper's.
    """

    column: str
    paper: float | None
    ours: float | None
    std: float | None
    seeds: int
    difference: float | None


@dataclass(frozen=True)
class PairedDifference:
    """Difference in mask AP of two variants on the same images, in percent.

    Attributes:
        difference (float): Difference of the means over seeds.
        low (float): Lower end of its 95 % interval over resampled images.
        high (float): Upper end.
    """

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class FilledRow:
    """Row of a table, with results.

    Attributes:
        label (str): Name of the row.
        variant (str | None): The model; None for another system.
        cells (list[Cell]): One cell per column.
        failure (str | None): Reason why there is no result.
        paired (PairedDifference | None): Difference to the reference of the
            table; None for the reference itself, and without a reference.
        source (str): See :class:`Row`.
    """

    label: str
    variant: str | None
    cells: list[Cell]
    failure: str | None = None
    paired: PairedDifference | None = None
    source: str = ''


def make_cell(
    column: Column, paper: float | None, results: list[dict]
) -> Cell:
    """Compute one figure of a row.

    Args:
        column (Column): Column of the figure.
        paper (float | None): Figure of the paper.
        results (list[dict]): Results of the row's runs, one per seed.

    Returns:
        Cell: The figure.
    """
    found = [
        result['metrics'].get(column.part, {}).get(column.item)
        for result in results
    ]
    values = [value * column.factor for value in found if value is not None]
    ours = statistics.fmean(values) if values else None
    difference = None
    if ours is not None and paper is not None:
        difference = ours - paper
    return Cell(
        column=column.heading,
        paper=paper,
        ours=ours,
        std=statistics.stdev(values) if len(values) > 1 else None,
        seeds=len(values),
        difference=difference,
    )


def paired_difference(
    results: list[dict], others: list[dict]
) -> PairedDifference | None:
    """Compare the mask AP of two variants on the same images.

    Args:
        results (list[dict]): Results of a variant, one per seed.
        others (list[dict]): Results of the variant to compare with.

    Returns:
        PairedDifference | None: None if there is nothing to compare. Only
        seeds that both have count, except beside a frozen detector.
    """
    results, others = _common_seeds(results, others)
    if not results or not others:
        return None
    means, resampled = [], []
    for side in (results, others):
        aps = [result['metrics']['mask']['mAP'] for result in side]
        means.append(statistics.fmean(aps))
        tables = [
            [math.nan if ap is None else ap for ap in result[RESAMPLED]]
            for result in side
        ]
        resampled.append(map(statistics.fmean, zip(*tables, strict=True)))
    low, high = interval(
        ours - other for ours, other in zip(*resampled, strict=True)
    )
    return PairedDifference(100 * (means[0] - means[1]), 100 * low, 100 * high)


def by_class_score(results: list[dict]) -> list[dict]:
    """Rank the masks of runs by class score.

    Args:
        results (list[dict]): Results of a variant, one per seed.

    Returns:
        list[dict]: What :func:`paired_difference` reads.
    """
    return [
        {
            'variant': result['variant'],
            'seed': result['seed'],
            'metrics': dict(mask=result['metrics']['class_score']),
            RESAMPLED: result[CLASS_RESAMPLED],
        }
        for result in results
    ]


def _common_seeds(*sides: list[dict]) -> list[list[dict]]:
    """Leave out seeds that only one of two sides has.

    A frozen detector has one run, to which all seeds of its heads compare.
    """
    if any(map(_is_frozen_detector, sides)):
        return list(sides)
    seeds = set.intersection(
        *({result['seed'] for result in side} for side in sides)
    )
    return [
        [result for result in side if result['seed'] in seeds]
        for side in sides
    ]


def _is_frozen_detector(results: list[dict]) -> bool:
    names = {result['variant'] for result in results}
    return len(results) == 1 and not names.pop().endswith(END_TO_END)


def without_paper(table: Table) -> Table:
    """Remove the paper's figures and other systems, for other data."""
    nothing = (None,) * len(table.columns)
    rows = tuple(
        row._replace(paper=nothing)
        for row in table.rows
        if row.variant is not None
    )
    return table._replace(rows=rows)


def fill_table(
    table: Table, results: dict[str, list[dict]], failures: dict[str, str]
) -> list[FilledRow]:
    """Fill a table.

    Args:
        table (Table): Table of the paper.
        results (dict[str, list[dict]]): Results by variant.
        failures (dict[str, str]): Reason by variant, if a run failed.

    Returns:
        list[FilledRow]: The filled rows.
    """
    return [_fill(table, row, results, failures) for row in table.rows]


def _fill(table: Table, row: Row, results: dict, failures: dict) -> FilledRow:
    variant = row.variant or ''
    own = results.get(variant, [])
    paired = None
    if table.reference == CLASS_SCORE:
        paired = paired_difference(own, by_class_score(own))
    elif row.variant != table.reference:
        paired = paired_difference(own, results.get(table.reference, []))
    return FilledRow(
        row.label,
        row.variant,
        [
            make_cell(column, paper, own)
            for column, paper in zip(table.columns, row.paper, strict=True)
        ],
        failures.get(variant),
        paired,
        row.source,
    )
