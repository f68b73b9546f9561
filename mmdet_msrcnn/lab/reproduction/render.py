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


def _texts(column: Column, has_paper: bool, cell: Cell) -> list[str]:
    """Format a cell: paper, ours and difference, or only ours."""
    ours = _number(cell.ours, column.decimals)
    if cell.std is not None:
        ours += f' ± {_number(cell.std, column.decimals)}'
    if not has_paper:
        return [ours]
    return [
        _number(cell.paper, column.decimals),
        ours,
        _number(cell.difference, column.decimals, '+'),
    ]


def to_markdown(table: Table, rows: list[FilledRow]) -> str:
    """Format a filled table: paper, ours and difference for each figure.

    If the paper has no figures for a column, only ours are shown. Columns
    without any figure are left out.

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
    shown = [
        has_paper or any(row.cells[i].ours is not None for row in rows)
        for i, has_paper in enumerate(known)
    ]
    columns = list(compress(zip(table.columns, known, strict=True), shown))
    headings = [table.title]
    for column, has_paper in columns:
        headings += (
            [f'{column.heading}, paper', 'ours', 'difference']
            if has_paper
            else [column.heading]
        )
    labels = {row.variant: row.label for row in table.rows}
    if table.reference is not None:
        reference = labels.get(table.reference, table.reference)
        headings.append(f'mask AP minus {reference} [95 % interval]')
    lines = []
    for row in rows:
        label = row.label
        if row.failure:
            label += f' ({_shorten(row.failure)})'
        texts = [label]
        cells = compress(row.cells, shown)
        for (column, has_paper), cell in zip(columns, cells, strict=True):
            texts += _texts(column, has_paper, cell)
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
