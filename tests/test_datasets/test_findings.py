"""Findings as text."""

from mmdet_msrcnn.datasets.findings import Finding, lines_of


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
