"""Markdown of a report on mask scores."""

import math
from itertools import compress

from mmdet_msrcnn.analysis.figures import FORMS, json_key
from mmdet_msrcnn.analysis.missing_gain import missing_sections
from mmdet_msrcnn.analysis.report import SPREAD, SPREAD_THR
from mmdet_msrcnn.analysis.sections_markdown import section_lines
from mmdet_msrcnn.analysis.threshold_tables import (
    Section,
    Table,
    threshold_sections,
)
from mmdet_msrcnn.utils.markdown import escape_cell, markdown_table


def format_row(name: str, entry: dict) -> list[str]:
    """Format the cells of a row, with intervals after the figures.

    Args:
        name (str): First cell.
        entry (dict): From :func:`summary`.

    Returns:
        list[str]: Cells for the name and for each of ``FORMS``.
    """
    cells = [name]
    for figure, form in FORMS.items():
        key = json_key(figure)
        value = entry['row'].get(key)
        if value is None:
            cells.append('')
            continue
        if math.isnan(value):
            cells.append('undefined')
            continue
        cell = f'{value * form.factor:.{form.decimals}f}'
        if key in entry['intervals']:
            low, high = (end * form.factor for end in entry['intervals'][key])
            cell += f' [{low:.{form.decimals}f}, {high:.{form.decimals}f}]'
        cells.append(cell)
    return cells


def model_table(report: dict) -> Table:
    """Make the table of models and differences, without empty columns."""
    headings = ['model', *(form.heading for form in FORMS.values())]
    entries = [*report['models'].items(), *report['differences'].items()]
    rows = [format_row(*entry) for entry in entries]
    shown = [any(cells) for cells in zip(*rows, strict=True)]
    return Table(
        list(compress(headings, shown)),
        [list(compress(row, shown)) for row in rows],
    )


def model_notes(report: dict) -> list[str]:
    """Explain the table of models, in paragraphs."""
    notes = [
        f'AP is at {report["max_dets"]} detections per image. AP by class '
        'score x MaskIoU is shown if the mask score is another one. The '
        'oracle is class score x true MaskIoU, or 0 if no instance of the '
        "class overlaps. The paper's starred row uses the predicted MaskIoU "
        'in that case. The share of the gain is (mask score - class score) / '
        '(oracle - class score). Correlation and mean absolute error (MAE) '
        'of the predicted MaskIoU are over detections with a positive true '
        'MaskIoU. '
        f'In brackets: 95 % intervals from {report["bootstrap"]} resamples of '
        'the images.',
        *_undefined(report),
    ]
    for name, entry in report['models'].items():
        row = entry['row']
        notes.append(
            f'{escape_cell(name)}: {row["detections"]} detections. For class '
            f'scores above {SPREAD_THR}, the standard deviation of the true '
            f'IoU is {row[SPREAD]:.3f}.'
        )
    return notes


def report_sections(report: dict) -> list[Section]:
    """Collect the tables that follow the figures."""
    return [*threshold_sections(report), *missing_sections(report)]


def to_markdown(report: dict) -> str:
    """Format the report. Columns without any figure are left out.

    Args:
        report (dict): From :func:`compare`, plus ``plotted``, the model in the
            figures; ``figures``, which maps file names to captions; and the
            tables of :func:`report_sections`.

    Returns:
        str: Markdown.
    """
    lines = [
        '# Mask scores',
        '',
        markdown_table(*model_table(report)),
        '',
    ]
    for note in model_notes(report):
        lines += [note, '']
    lines += [f'{escape_cell(report["plotted"])}:', '']
    for path, caption in report['figures'].items():
        lines += [f'![{caption}]({path})', '']
    lines += section_lines(report_sections(report))
    return '\n'.join(lines)


def _undefined(report: dict) -> list[str]:
    """List the resamples that the intervals leave out."""
    return [
        f'{escape_cell(name)}: {count} of {report["bootstrap"]} resamples '
        f'have no {FORMS[key].heading}, because it is undefined there. The '
        'interval leaves them out.'
        for rows in (report['models'], report['differences'])
        for name, entry in rows.items()
        for key, count in entry['undefined'].items()
    ]
