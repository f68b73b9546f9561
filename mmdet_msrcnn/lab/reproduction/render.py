"""Tables of results beside the paper's, as cells, Markdown and CSV."""

import csv
import io
import math
import statistics
from itertools import compress

from mmdet_msrcnn.analysis.bootstrap import interval
from mmdet_msrcnn.lab.reproduction.paper import Column, Row, Table

RESAMPLED = 'mask_ap_resampled'


def cell(column: Column, paper: float | None, results: list[dict]) -> dict:
    """One figure of a row.

    Args:
        column (Column): What it is.
        paper (float | None): The paper's figure.
        results (list[dict]): Results of the row's runs, one per seed.

    Returns:
        dict: ``column``, ``paper``, ``ours`` (mean over seeds), ``std`` (None
        for one seed), ``seeds`` and ``difference`` to the paper; None where
        there is nothing to show.
    """
    found = [
        result['metrics'].get(column.part, {}).get(column.item)
        for result in results
    ]
    values = [value * column.factor for value in found if value is not None]
    ours = statistics.fmean(values) if values else None
    return dict(
        column=column.heading,
        paper=paper,
        ours=ours,
        std=statistics.stdev(values) if len(values) > 1 else None,
        seeds=len(values),
        difference=None if None in (ours, paper) else ours - paper,
    )


def paired_difference(results: list[dict], others: list[dict]) -> dict | None:
    """Difference in mask AP of two variants on the same images.

    Args:
        results (list[dict]): Results of a variant, one per seed.
        others (list[dict]): Results of the variant to compare with.

    Returns:
        dict | None: ``difference`` of the means over seeds, in percent, with
        the ends ``low`` and ``high`` of its 95 % interval over resampled
        images; None if there is nothing to compare.
    """
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
    return dict(
        difference=100 * (means[0] - means[1]), low=100 * low, high=100 * high
    )


def table_cells(
    table: Table, results: dict[str, list[dict]], failures: dict[str, str]
) -> list[dict]:
    """Fill a table.

    Args:
        table (Table): The paper's.
        results (dict[str, list[dict]]): Results of each variant.
        failures (dict[str, str]): Why a variant has none.

    Returns:
        list[dict]: A row each: ``label``, ``variant``, ``cells`` (see
        :func:`cell`), ``failure`` (str or None) and, in tables with a
        reference, ``paired`` (see :func:`paired_difference`; None in the
        row of the reference).
    """
    return [_fill(table, row, results, failures) for row in table.rows]


def _fill(table: Table, row: Row, results: dict, failures: dict) -> dict:
    own = results.get(row.variant, [])
    filled = dict(
        label=row.label,
        variant=row.variant,
        failure=failures.get(row.variant),
        cells=[
            cell(column, paper, own)
            for column, paper in zip(table.columns, row.paper, strict=True)
        ],
    )
    if table.reference is not None:
        others = results.get(table.reference, [])
        is_reference = row.variant == table.reference
        paired = None if is_reference else paired_difference(own, others)
        filled['paired'] = paired
    return filled


def _number(value: float | None, decimals: int, sign: str = '') -> str:
    return '-' if value is None else f'{value:{sign}.{decimals}f}'


def _shorten(reason: str) -> str:
    """Fit a reason into a cell."""
    return reason.replace('|', '/')[:160]


def _interval(paired: dict | None) -> str:
    if paired is None:
        return '-'
    ends = (f'{paired[end]:+.2f}' for end in ('low', 'high'))
    return f'{paired["difference"]:+.2f} [{", ".join(ends)}]'


def to_markdown(table: Table, rows: list[dict]) -> str:
    """Write a filled table, for each figure the paper's, ours, difference.

    Where the paper has no figure of a column, ours stand alone; a column
    without any figure is left out.

    Args:
        table (Table): The paper's.
        rows (list[dict]): From :func:`table_cells`.

    Returns:
        str: Markdown.
    """
    headings = [table.title]
    known = [
        any(values)
        for values in zip(*(row.paper for row in table.rows), strict=True)
    ]
    shown = [
        is_known or any(row['cells'][i]['ours'] is not None for row in rows)
        for i, is_known in enumerate(known)
    ]
    for column, is_known in compress(
        zip(table.columns, known, strict=True), shown
    ):
        headings += (
            [f'{column.heading}, paper', 'ours', 'difference']
            if is_known
            else [column.heading]
        )
    if table.reference is not None:
        reference = next(
            row.label for row in table.rows if row.variant == table.reference
        )
        headings.append(f'mask AP - that of {reference} [95 % over images]')
    lines = [f'| {" | ".join(headings)} |', '|' + '---|' * len(headings)]
    for row in rows:
        texts = [row['label']]
        for column, is_known, one in compress(
            zip(table.columns, known, row['cells'], strict=True), shown
        ):
            ours = _number(one['ours'], column.decimals)
            if one['std'] is not None:
                ours += f' ± {_number(one["std"], column.decimals)}'
            texts += (
                [
                    _number(one['paper'], column.decimals),
                    ours,
                    _number(one['difference'], column.decimals, '+'),
                ]
                if is_known
                else [ours]
            )
        if 'paired' in row:
            texts.append(_interval(row['paired']))
        if row['failure']:
            texts[0] += f' ({_shorten(row["failure"])})'
        lines.append(f'| {" | ".join(texts)} |')
    return '\n'.join(lines) + '\n'


def to_csv(rows: list[dict]) -> str:
    """Write a filled table, one line per figure.

    Args:
        rows (list[dict]): From :func:`table_cells`.

    Returns:
        str: CSV with a header.
    """
    fields = ('column', 'paper', 'ours', 'std', 'seeds', 'difference')
    text = io.StringIO()
    writer = csv.writer(text, lineterminator='\n')
    writer.writerow(('row', 'variant', *fields))
    for row in rows:
        for one in row['cells']:
            values = (one[field] for field in fields)
            writer.writerow((row['label'], row['variant'], *values))
    return text.getvalue()
