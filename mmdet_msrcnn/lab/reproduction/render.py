"""Output of filled tables as Markdown and CSV."""

import csv
import io
from itertools import compress

from mmdet_msrcnn.lab.reproduction.cells import (
    Cell,
    FilledRow,
    PairedDifference,
)
from mmdet_msrcnn.lab.reproduction.paper import Column, Table
from mmdet_msrcnn.utils.markdown import markdown_table


def _number(value: float | None, decimals: int, sign: str = '') -> str:
    return '-' if value is None else f'{value:{sign}.{decimals}f}'


def _shorten(reason: str) -> str:
    """Shorten a reason to fit into a cell."""
    return ' '.join(reason.replace('|', '/').split())[:160]


def _interval(paired: PairedDifference | None) -> str:
    if paired is None:
        return '-'
    ends = f'{paired.low:+.2f}, {paired.high:+.2f}'
    return f'{paired.difference:+.2f} [{ends}]'


def _texts(
    column: Column, has_paper: bool, has_ours: bool, cell: Cell
) -> list[str]:
    """Format a cell: paper, ours and difference, or what the column has."""
    ours = _number(cell.ours, column.decimals)
    if cell.std is not None:
        ours += f' ± {_number(cell.std, column.decimals)}'
    if not has_paper:
        return [ours]
    paper = _number(cell.paper, column.decimals)
    if not has_ours:
        return [paper]
    return [
        paper,
        ours,
        _number(cell.difference, column.decimals, '+'),
    ]


def to_markdown(table: Table, rows: list[FilledRow]) -> str:
    """Format a filled table: paper, ours and difference for each figure.

    If only the paper or only we have figures for a column, only these are
    shown. Columns without any figure are left out.

    Args:
        table (Table): Table of the paper.
        rows (list[FilledRow]): From :func:`fill_table`.

    Returns:
        str: Markdown.
    """
    known = [
        any(values)
        for values in zip(*(row.paper for row in table.rows), strict=True)
    ]
    measured = [
        any(row.cells[i].ours is not None for row in rows)
        for i in range(len(known))
    ]
    shown = [any(pair) for pair in zip(known, measured, strict=True)]
    columns = list(
        compress(zip(table.columns, known, measured, strict=True), shown)
    )
    headings = [table.title]
    for column, has_paper, has_ours in columns:
        headings.append(column.heading + ', paper' * has_paper)
        if has_paper and has_ours:
            headings += ['ours', 'difference']
    labels = {row.variant: row.label for row in table.rows}
    if table.reference is not None:
        reference = labels.get(table.reference, table.reference)
        headings.append(f'mask AP minus {reference} [95 % interval]')
    lines = []
    for row in rows:
        label = row.label
        if row.source:
            label += f' ([published]({row.source}))'
        if row.failure:
            label += f' ({_shorten(row.failure)})'
        texts = [label]
        cells = compress(row.cells, shown)
        for shape, cell in zip(columns, cells, strict=True):
            texts += _texts(*shape, cell)
        if table.reference is not None:
            texts.append(_interval(row.paired))
        lines.append(texts)
    return markdown_table(headings, lines) + '\n'


def to_csv(rows: list[FilledRow]) -> str:
    """Format a filled table as CSV, one line per figure.

    Args:
        rows (list[FilledRow]): From :func:`fill_table`.

    Returns:
        str: CSV with a header.
    """
    fields = ('column', 'paper', 'ours', 'std', 'seeds', 'difference')
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(('row', 'variant', *fields))
    for row in rows:
        for cell in row.cells:
            values = (getattr(cell, field) for field in fields)
            writer.writerow((row.label, row.variant, *values))
    return text.getvalue()
