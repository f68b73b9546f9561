"""Markdown of the sections of a report."""

from collections.abc import Iterable

from mmdet_msrcnn.analysis.threshold_tables import Section
from mmdet_msrcnn.utils.markdown import markdown_table


def section_lines(sections: Iterable[Section]) -> list[str]:
    """Format sections: headings, texts and tables.

    Args:
        sections (Iterable[Section]): The sections.

    Returns:
        list[str]: Lines.
    """
    lines = []
    for section in sections:
        lines += [f'## {section.heading}', '']
        for part in section.parts:
            lines.append(
                part if isinstance(part, str) else markdown_table(*part)
            )
            lines.append('')
    return lines
