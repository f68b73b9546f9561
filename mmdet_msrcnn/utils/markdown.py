"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

from terminaltables import GithubFlavoredMarkdownTable


def escape_cell(value: object) -> str:
    """Write a value so that it stays in one cell, and is no HTML."""
    text = ' '.join(str(value).split())
    for special in '\\|<':
        text = text.replace(special, f'\\{special}')
    return text


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence]) -> str:
    """Write a table.

    Args:
        headings (Sequence[str]): Of the columns.
        rows (Iterable[Sequence]): Cells of each row, see :func:`escape_cell`.

    Returns:
        str: Lines, without a line break at the end.
    """
    cells = [[escape_cell(cell) for cell in row] for row in (headings, *rows)]
    return GithubFlavoredMarkdownTable(cells).table
