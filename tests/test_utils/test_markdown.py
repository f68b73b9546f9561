"""Tables in Markdown."""

import re

from mmdet_msrcnn.utils.markdown import markdown_table


def cells(line: str) -> list[str]:
    """Cells of a row, as GitHub reads them: an escaped ``|`` is text."""
    inner = line.removeprefix('|').removesuffix('|')
    parts = re.split(r'(?<!\\)\|', inner)
    return [part.strip().replace(r'\|', '|') for part in parts]


def test_a_table_by_hand():
    text = markdown_table(('model', 'AP'), [('a', 36.0), ('longer', None)])
    assert text.splitlines() == [
        '| model  | AP   |',
        '|--------|------|',
        '| a      | 36.0 |',
        '| longer | None |',
    ]
    assert not text.endswith('\n')


def test_a_bar_does_not_end_a_cell():
    rows = [('x | y', 1), ('|', '||')]
    header, _, *lines = markdown_table(('a|b', 'c'), iter(rows)).splitlines()
    assert cells(header) == ['a|b', 'c']
    assert [cells(line) for line in lines] == [['x | y', '1'], ['|', '||']]


def test_a_name_is_no_html():
    table = markdown_table(['a'], [['</b><img src=x onerror=run()>']])
    assert table.splitlines()[2] == r'| \</b>\<img src=x onerror=run()> |'
    table = markdown_table(['a'], [[r'\<b>']])
    assert table.splitlines()[2] == r'| \\\<b> |'


def test_headings_alone():
    header, line = markdown_table(('a', 'b'), []).splitlines()
    assert cells(header) == ['a', 'b']
    assert set(line) == set('|-')


def test_a_cell_stays_in_its_row():
    table = markdown_table(['a'], [['one\n\ttwo | three']])
    assert table.splitlines()[2:] == [r'| one two \| three |']
