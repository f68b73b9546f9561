"""Figures of models, and the file that keeps them."""

import math

import pytest

from mmdet_msrcnn.analysis.figures import FIELDS, FORMS, Figures


def test_every_figure_has_a_column():
    assert list(FORMS) == [field.name for field in FIELDS]


def test_a_difference_is_of_figures_that_both_have():
    new = Figures(mask_score=0.5, mae=0.25, share=0.1)
    old = Figures(mask_score=0.25, mae=0.5, oracle=0.3)
    assert new - old == Figures(mask_score=0.25, mae=-0.25)
    undefined = Figures(mae=math.nan) - Figures(mae=0.1)
    assert math.isnan(undefined.mae)


def test_keys_of_the_file_are_those_of_older_reports():
    figures = Figures(box_ap=0.4, class_score=0.3, share=0.1)
    row = figures.to_json()
    assert row == {'box AP': 0.4, 'class_score': 0.3, 'share': 0.1}
    more = row | dict(detections=7, mae=None, breakdown=dict(box={}))
    assert Figures.from_json(more) == figures


@pytest.mark.parametrize(
    'value', ['0.4', [0.4], dict(mAP=0.4), True, 1j, float('inf'), 10**400]
)
def test_a_figure_is_a_number(value):
    with pytest.raises(TypeError):
        Figures.from_json({'box AP': value})
