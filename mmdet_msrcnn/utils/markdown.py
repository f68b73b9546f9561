"""Tables in Markdown."""

from collections.abc import Iterable, Sequence

from terminaltables import GithubFlavoredMarkdownTable


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence]) -> str:
    """Write a table.

    Args:
        headings (Sequence[str]): Of the columns.
        rows (Iterable[Sequence]): Cells of each row; a ``|`` is escaped.

    Returns:
        str: Lines, without a line break at the end.
    """
    cells = [
        [str(cell).replace('|', r'\|') for cell in row]
        for row in (headings, *rows)
    ]
    return GithubFlavoredMarkdownTable(cells).table
