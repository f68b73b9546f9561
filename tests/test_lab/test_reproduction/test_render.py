"""Tables with the paper's figures next to ours."""

import csv

import pytest

from mmdet_msrcnn.lab.reproduction import (
    Row,
    fill_table,
    to_csv,
    to_markdown,
)
from tests.helpers import squeezed
from tests.test_lab.test_reproduction.heads_table import TABLE, result


def test_reference_gives_a_column_of_differences():
    table = TABLE._replace(reference='mask-rcnn')
    results = {
        name: [result(ap) | dict(mask_ap_resampled=[ap] * 3)]
        for name, ap in (('mask-rcnn', 0.25), ('ms-rcnn', 0.3))
    }
    text = to_markdown(table, fill_table(table, results, {}))
    header, _, *lines = squeezed(text).splitlines()
    assert header.endswith('| mask AP minus Mask R-CNN [95 % interval] |')
    assert lines[0].endswith('| - |')
    assert lines[1].endswith('| +5.00 [+5.00, +5.00] |')
    assert lines[2].endswith('| - |')


def test_markdown(rows):
    header, line, *lines = squeezed(to_markdown(TABLE, rows)).splitlines()
    assert set(line) == set('|-')
    assert [header, *lines] == [
        '| Heads | mask AP, paper | ours | difference | Pearson r, paper | '
        'ours | difference |',
        '| Mask R-CNN | 27.7 | 25.0 | -2.7 | - | - | - |',
        '| MS R-CNN | 29.3 | 30.0 ± 1.4 | +0.7 | 0.740 | 0.750 ± 0.071 | '
        '+0.010 |',
        '| other (train failed: no space) | - | - | - | - | - | - |',
    ]


def test_csv(rows):
    lines = list(csv.DictReader(to_csv(rows).splitlines()))
    assert len(lines) == 6
    assert lines[0]['row'] == 'Mask R-CNN'
    assert float(lines[0]['difference']) == pytest.approx(-2.7)
    assert lines[1]['ours'] == ''


def test_a_column_without_our_figures_is_not_compared():
    rows = (
        *TABLE.rows[:2],
        Row('MNC', None, (24.6, 0.5), 'https://example.org'),
    )
    table = TABLE._replace(rows=rows)
    results = {'ms-rcnn': [result(0.3)]}
    filled = fill_table(table, results, {})
    header, _, *lines = squeezed(to_markdown(table, filled)).splitlines()
    assert [header, *lines] == [
        '| Heads | mask AP, paper | ours | difference | Pearson r, paper |',
        '| Mask R-CNN | 27.7 | - | - | - |',
        '| MS R-CNN | 29.3 | 30.0 | +0.7 | 0.740 |',
        '| MNC ([published](https://example.org)) | 24.6 | - | - | 0.500 |',
    ]
    last = list(csv.DictReader(to_csv(filled).splitlines()))[-1]
    assert (last['row'], last['variant']) == ('MNC', '')
    assert (last['paper'], last['ours']) == ('0.5', '')
