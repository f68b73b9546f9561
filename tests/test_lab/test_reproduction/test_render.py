"""Tables beside the paper's."""

import csv

import pytest

from mmdet_msrcnn.lab.reproduction import (
    Row,
    Table,
    fill_table,
    to_csv,
    to_markdown,
)
from mmdet_msrcnn.lab.reproduction.cells import (
    paired_difference,
    without_paper,
)
from mmdet_msrcnn.lab.reproduction.paper import Column
from tests.helpers import squeezed

TABLE = Table(
    'Heads',
    (
        Column('mask AP', 'mask', 'mAP'),
        Column('Pearson r', 'statistics', 'pearson', 1, 3),
    ),
    (
        Row('Mask R-CNN', 'mask-rcnn', (27.7, None)),
        Row('MS R-CNN', 'ms-rcnn', (29.3, 0.74)),
        Row('other', 'other', (None, None)),
    ),
)


def result(ap: float, **statistics) -> dict:
    return dict(metrics=dict(mask=dict(mAP=ap), statistics=statistics))


@pytest.fixture
def rows():
    results = {
        'mask-rcnn': [result(0.25)],
        'ms-rcnn': [result(0.29, pearson=0.7), result(0.31, pearson=0.8)],
    }
    return fill_table(TABLE, results, {'other': 'train failed: no space'})


def test_mean_spread_and_difference(rows):
    ap, pearson = rows[1].cells
    assert ap.ours == pytest.approx(30)
    assert ap.std == pytest.approx(2**0.5)
    assert ap.difference == pytest.approx(0.7)
    assert ap.seeds == 2
    assert pearson.ours == pytest.approx(0.75)


def test_paired_difference_by_hand():
    """Resampled images are the same, so that their luck cancels."""
    ours = [
        dict(metrics=dict(mask=dict(mAP=ap)), mask_ap_resampled=[ap, ap + 0.1])
        for ap in (0.3, 0.32)
    ]
    others = [result(0.29) | dict(mask_ap_resampled=[0.29, 0.38])]
    paired = paired_difference(ours, others)
    assert paired.difference == pytest.approx(2)
    # 0.31 - 0.29 and 0.41 - 0.38, and percentiles between them
    assert paired.low == pytest.approx(2 + 0.025)
    assert paired.high == pytest.approx(2 + 0.975)
    assert paired_difference([], others) is None


def test_reference_gives_a_column_of_differences():
    table = TABLE._replace(reference='mask-rcnn')
    results = {
        name: [result(ap) | dict(mask_ap_resampled=[ap] * 3)]
        for name, ap in (('mask-rcnn', 0.25), ('ms-rcnn', 0.3))
    }
    text = to_markdown(table, fill_table(table, results, {}))
    header, _, *lines = squeezed(text).splitlines()
    assert header.endswith('| mask AP minus Mask R-CNN [95 % over images] |')
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


def test_figures_of_coco_are_not_compared_with_other_data(rows):
    own = without_paper(TABLE)
    results = {'ms-rcnn': [result(0.3, pearson=0.75)]}
    text = to_markdown(own, fill_table(own, results, {}))
    header, _, _, line, _ = squeezed(text).splitlines()
    assert header == '| Heads | mask AP | Pearson r |'
    assert line == '| MS R-CNN | 30.0 | 0.750 |'


def test_csv(rows):
    lines = list(csv.DictReader(to_csv(rows).splitlines()))
    assert len(lines) == 6
    assert lines[0]['row'] == 'Mask R-CNN'
    assert float(lines[0]['difference']) == pytest.approx(-2.7)
    assert lines[1]['ours'] == ''
