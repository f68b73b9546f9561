"""Findings as text."""

import pytest

from mmdet_msrcnn.datasets.findings import Finding, lines_of, of_level


def test_many_findings_are_few_lines():
    findings = [
        Finding('warning', 'odd', f'annotation {i}', 'odd') for i in range(50)
    ]
    findings.append(Finding('error', 'bad', 'annotation 9', 'bad'))
    assert lines_of(findings) == [
        'error: bad (1)',
        '  annotation 9: bad',
        'warning: odd (50)',
        '  annotation 0: odd',
        '  annotation 1: odd',
        '  annotation 2: odd',
        '  ... and 47 more',
    ]


@pytest.mark.parametrize('num', [1, 3, 4])
def test_up_to_three_examples_of_a_kind(num):
    findings = [Finding('note', 'odd', f'a{i}', 'odd') for i in range(num)]
    lines = lines_of(findings)
    assert lines[0] == f'note: odd ({num})'
    assert lines[1:4] == [f'  a{i}: odd' for i in range(min(num, 3))]
    assert lines[4:] == ['  ... and 1 more'] * (num == 4)


def test_kinds_are_grouped_by_level():
    """A kind with two levels has two groups, in the order of the levels."""
    levels = ('note', 'warning', 'error', 'warning')
    findings = [Finding(level, 'odd', level, 'x') for level in levels]
    assert lines_of(iter(findings)) == [
        'error: odd (1)',
        '  error: x',
        'warning: odd (2)',
        '  warning: x',
        '  warning: x',
        'note: odd (1)',
        '  note: x',
    ]
    assert of_level(findings, 'warning') == [findings[1], findings[3]]
    assert lines_of([]) == []
