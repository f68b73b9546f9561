"""Markdown of the score thresholds of a report."""

from mmdet_msrcnn.analysis.threshold_tables import threshold_sections
from mmdet_msrcnn.utils.markdown import markdown_table


def threshold_lines(report: dict) -> list[str]:
    """Format the thresholds of all models.

    Args:
        report (dict): See :func:`threshold_sections`.

    Returns:
        list[str]: Lines.
    """
    lines = []
    for section in threshold_sections(report):
        lines += [f'## {section.heading}', '']
        for part in section.parts:
            lines.append(
                part if isinstance(part, str) else markdown_table(*part)
            )
            lines.append('')
    return lines
