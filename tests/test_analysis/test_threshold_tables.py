"""Tables of thresholds, which Markdown and HTML share."""

import math

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.score_thresholds import f1_at, score_thresholds
from mmdet_msrcnn.analysis.threshold_tables import (
    Table,
    number,
    percent,
    threshold_sections,
)
from tests.test_evaluation.coco_cases import evaluation_of, random_case


def test_undefined_values_are_dashes():
    assert number(None) == number(math.nan) == percent(None) == '-'
    assert number(0.5) == '0.500'
    assert percent(0.5) == '50.0'


def test_a_report_without_thresholds():
    assert threshold_sections({}) == []


def test_sections_and_their_tables():
    evaluator = evaluation_of(*random_case())
    found = score_thresholds(evaluator)
    samples = resample_images(len(evaluator.img_ids), 4)
    given = f1_at(evaluator, found, samples)
    sections = threshold_sections(
        dict(thresholds=dict(a=found, b=found), at_thresholds=dict(a=given))
    )
    assert [section.heading for section in sections] == [
        'F1 at given thresholds',
        'Score thresholds of a',
        'Score thresholds of b',
    ]
    tables = [
        part
        for section in sections
        for part in section.parts
        if isinstance(part, Table)
    ]
    # Of given thresholds one; of each model F1, and the other figures.
    assert len(tables) == 1 + 2 * 2
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.headings)}
    assert 'oLRP' in tables[2].headings
    assert 'precision at recall 50' in tables[2].headings
