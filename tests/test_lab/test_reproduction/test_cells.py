"""Tables of the paper, filled with results."""

import math

import pytest

from mmdet_msrcnn.lab.reproduction import fill_table, to_markdown
from mmdet_msrcnn.lab.reproduction.cells import (
    make_cell,
    paired_difference,
    without_paper,
)
from mmdet_msrcnn.lab.reproduction.paper import CLASS_SCORE, Column
from tests.helpers import squeezed
from tests.test_lab.test_reproduction.heads_table import TABLE, result


def test_mean_spread_and_difference(rows):
    ap, pearson = rows[1].cells
    assert ap.ours == pytest.approx(30)
    assert ap.std == pytest.approx(2**0.5)
    assert ap.difference == pytest.approx(0.7)
    assert ap.seeds == 2
    assert pearson.ours == pytest.approx(0.75)


@pytest.mark.parametrize(
    ('part', 'item', 'values'),
    [
        # One seed lacks the figure, or the part, or has none to show.
        ('mask', 'mAP', [dict(mask=dict(mAP=0.3)), dict(mask={})]),
        ('oracle', 'mAP', [dict(oracle=dict(mAP=0.3)), {}]),
        ('oracle', 'mAP', [dict(oracle=dict(mAP=None))]),
        ('run', 's', []),
    ],
)
def test_seeds_without_the_figure_do_not_count(part, item, values):
    column = Column('a', part, item)
    cell = make_cell(column, 29.0, [dict(metrics=m) for m in values])
    found = len(values) > 1
    assert cell.seeds == found
    assert cell.std is None
    assert (cell.paper, cell.ours, cell.difference) == (
        (29, pytest.approx(30), pytest.approx(1))
        if found
        else (29, None, None)
    )


def test_a_figure_of_0_is_a_figure():
    cell = make_cell(Column('a', 'mask', 'mAP'), 0.0, [result(0.0)])
    assert (cell.ours, cell.difference, cell.seeds) == (0, 0, 1)


def test_paired_difference_by_hand():
    """Resampled images are the same, so that their luck cancels."""
    ours = [
        result(ap) | dict(seed=seed, mask_ap_resampled=[ap, ap + 0.1])
        for seed, ap in enumerate((0.3, 0.32))
    ]
    others = [result(0.29) | dict(mask_ap_resampled=[0.29, 0.38])]
    paired = paired_difference(ours, others)
    assert paired.difference == pytest.approx(2)
    # 0.31 - 0.29 and 0.41 - 0.38, and percentiles between them
    assert paired.low == pytest.approx(2 + 0.025)
    assert paired.high == pytest.approx(2 + 0.975)
    assert paired_difference([], others) is None


def test_gain_over_the_class_score_by_hand():
    """The class score of the same run is the reference."""
    own = [
        dict(
            variant='ms-rcnn',
            seed=seed,
            metrics=dict(mask=dict(mAP=ap), class_score=dict(mAP=ap - gain)),
            mask_ap_resampled=[ap, ap + 0.1],
            class_ap_resampled=[ap - gain, ap + 0.1 - 2 * gain],
        )
        for seed, (ap, gain) in enumerate(((0.3, 0.01), (0.4, 0.03)))
    ]
    (row,) = fill_table(
        TABLE._replace(rows=TABLE.rows[:1], reference=CLASS_SCORE),
        {TABLE.rows[0].variant: own},
        {},
    )
    assert row.paired.difference == pytest.approx(2)
    # 0.02 and 0.04, and percentiles between them
    assert row.paired.low == pytest.approx(2 + 0.05)
    assert row.paired.high == pytest.approx(2 + 1.95)
    text = to_markdown(TABLE._replace(reference=CLASS_SCORE), [row])
    assert 'mask AP minus class score [95 % interval]' in text
    assert '+2.00 [+2.05, +3.95]' in text


@pytest.mark.parametrize('swapped', [False, True])
def test_seeds_that_one_side_lacks_do_not_count(swapped):
    sides = [
        [
            result(ap) | dict(seed=seed, mask_ap_resampled=[ap, ap])
            for seed, ap in enumerate(aps)
        ]
        for aps in ((0.3, 0.32), (0.29, 0.31, 0.1))
    ]
    paired = paired_difference(*(sides[::-1] if swapped else sides))
    sign = -1 if swapped else 1
    assert paired.difference == pytest.approx(sign)
    assert paired.low == paired.high == pytest.approx(sign)


def test_one_training_is_compared_with_that_of_its_seed():
    """Not with the mean of all, unless it is a frozen detector."""
    sides = [
        [
            result(ap, variant) | dict(seed=seed, mask_ap_resampled=[ap])
            for seed, ap in enumerate(aps)
        ]
        for variant, aps in (
            ('roi-pool_end-to-end', [0.3]),
            ('mask-rcnn_end-to-end', [0.32, 0.2]),
        )
    ]
    assert paired_difference(*sides).difference == pytest.approx(-2)
    for one in sides[0]:
        one['variant'] = 'mask-rcnn'
    assert paired_difference(*sides).difference == pytest.approx(4)


def test_other_seeds_are_not_compared():
    sides = [
        [
            result(0.3) | dict(seed=seed, mask_ap_resampled=[0.3])
            for seed in seeds
        ]
        for seeds in ((0, 1), (2, 3))
    ]
    assert paired_difference(*sides) is None


def test_only_seeds_of_both_sides_are_compared():
    sides = [
        [
            result(ap) | dict(seed=seed, mask_ap_resampled=[ap])
            for seed, ap in seeds.items()
        ]
        for seeds in ({0: 0.1, 1: 0.32}, {1: 0.3, 2: 0.5})
    ]
    assert paired_difference(*sides).difference == pytest.approx(2)


def test_a_resample_without_an_ap_is_left_out_of_the_pairs():
    """JSON has null for it; the differences of the others are 2 and 3."""
    ours = [result(0.31) | dict(mask_ap_resampled=[0.31, None, 0.4, 0.41])]
    others = [result(0.29) | dict(mask_ap_resampled=[0.29, 0.3, None, 0.38])]
    paired = paired_difference(ours, others)
    assert paired.low == pytest.approx(2 + 0.025)
    assert paired.high == pytest.approx(2 + 0.975)
    nothing = [result(0.3) | dict(mask_ap_resampled=[None, None])]
    paired = paired_difference(nothing, nothing)
    assert math.isnan(paired.low)
    assert math.isnan(paired.high)


def test_other_resamples_are_not_compared():
    ours, others = (
        [result(0.3) | dict(mask_ap_resampled=[0.3] * num)] for num in (2, 3)
    )
    with pytest.raises(ValueError, match='longer'):
        paired_difference(ours, others)


def test_rows_have_their_own_failure_and_difference():
    table = TABLE._replace(reference='mask-rcnn')
    results = {
        name: [result(ap) | dict(mask_ap_resampled=[ap] * 3)]
        for name, ap in (('mask-rcnn', 0.25), ('ms-rcnn', 0.3))
    }
    twin, ours, other = fill_table(table, results, {'other': 'no space'})
    assert [row.label for row in (twin, ours, other)] == [
        'Mask R-CNN',
        'MS R-CNN',
        'other',
    ]
    assert (twin.failure, ours.failure, other.failure) == (
        None,
        None,
        'no space',
    )
    # Neither with itself nor without results.
    assert twin.paired is None
    assert other.paired is None
    assert ours.paired.difference == pytest.approx(5)


def test_figures_of_coco_are_not_compared_with_other_data():
    own = without_paper(TABLE)
    results = {'ms-rcnn': [result(0.3, pearson=0.75)]}
    text = to_markdown(own, fill_table(own, results, {}))
    header, _, _, line, _ = squeezed(text).splitlines()
    assert header == '| Heads | mask AP | Pearson r |'
    assert line == '| MS R-CNN | 30.0 | 0.750 |'
