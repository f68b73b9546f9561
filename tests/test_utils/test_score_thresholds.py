"""Thresholds of a report, and what they select."""

import json
import math

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.utils.rank_by import by_mask_score
from mmdet_msrcnn.utils.score_thresholds import (
    above_thresholds,
    check_classes,
    chosen,
    describe_thresholds,
    read_thresholds,
)


def at(threshold):
    point = dict(threshold=threshold)
    return dict(f1={'0.5': point, '0.75': point})


def found(**classes):
    return dict(pooled=at(0.3), classes={n: at(t) for n, t in classes.items()})


def test_a_class_without_a_threshold_takes_that_of_all():
    values = chosen(found(cat=0.5, dog=None, owl=math.nan), 0.5)
    assert values == dict(cat=0.5, dog=0.3, owl=0.3)
    nothing = found(cat=None) | dict(pooled=at(None))
    assert chosen(nothing, 0.5)['cat'] > 1


def write(path, *models):
    rankings = dict(class_score=found(cat=0.5), mask_score=found(cat=0.25))
    content = dict(thresholds=dict.fromkeys(models, rankings))
    path.write_text(json.dumps(content))
    return path


NO_REPORT = 'is not a report.json of tools/analyze_results.py$'
NOT_VALID = 'has no valid score thresholds'


def of_a_cat(threshold):
    thresholds = dict(a=dict(b=found(cat=threshold)))
    return json.dumps(dict(thresholds=thresholds)).encode()


def test_report_of_one_model(tmp_path):
    values = read_thresholds(write(tmp_path / 'report.json', 'a'))
    assert values == dict(class_score=dict(cat=0.5), mask_score=dict(cat=0.25))


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'does not exist'),
        (b'', NO_REPORT),
        (b'[]', NO_REPORT),
        (b'{}', NO_REPORT),
        (b'{"thresholds": null}', NO_REPORT),
        (b'{"thresholds": {"a": null}}', NOT_VALID),
        (b'{"thresholds": {"a": {}}}', NOT_VALID),
        (b'{"thresholds": {"a": {"b": 1}}}', NOT_VALID),
        (of_a_cat(-5), NOT_VALID),
        (of_a_cat('1'), NOT_VALID),
    ],
)
def test_other_files_are_named(tmp_path, content, message):
    path = tmp_path / 'report.json'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=f'^{path} {message}'):
        read_thresholds(path)


def test_reports_of_several_models_are_named(tmp_path):
    with pytest.raises(ValueError, match='results of one model alone'):
        read_thresholds(write(tmp_path / 'report.json', 'a', 'b'))


def test_thresholds_are_described():
    own = dict(cat=0.1426, dog=2.0)
    assert describe_thresholds(own, ['cat', 'dog'], 'mask_score') == [
        'score threshold of cat: 0.143 (mask score, best F1 at mask IoU 0.5)',
        'score threshold of dog: draws none',
    ]
    many = {str(i): 0.5 for i in range(12)}
    lines = describe_thresholds(many, list(many), 'class_score')
    assert len(lines) == 11
    assert lines[9:] == [
        'score threshold of 9: 0.500 (class score, best F1 at mask IoU 0.5)',
        'and 2 more',
    ]


THRESHOLDS = dict(
    class_score=dict(cat=0.5, dog=0.9), mask_score=dict(cat=0.3, dog=0.1)
)


def detections(scored=True):
    pred = InstanceData(
        scores=torch.tensor([0.95, 0.9, 0.5, 0.4]),
        labels=torch.tensor([0, 1, 0, 1]),
    )
    if scored:
        pred.mask_scores = torch.tensor([0.2, 0.1, 0.3, 0.05])
    return pred


def test_each_class_has_its_threshold():
    classes = ['cat', 'dog']
    kept = above_thresholds(detections(), THRESHOLDS, classes)
    assert kept.scores.tolist() == pytest.approx([0.9, 0.5])
    kept = above_thresholds(detections(False), THRESHOLDS, classes)
    assert kept.scores.tolist() == pytest.approx([0.95, 0.9, 0.5])
    ranked, _ = by_mask_score(detections())
    kept = above_thresholds(ranked, THRESHOLDS, classes)
    assert kept.scores.tolist() == pytest.approx([0.3, 0.1])


@pytest.mark.parametrize(
    ('thresholds', 'message'),
    [
        (THRESHOLDS, "no mask_score threshold for the class 'owl'"),
        ({'class_score': THRESHOLDS['class_score']}, "the class 'cat'"),
    ],
)
def test_missing_thresholds_are_named(thresholds, message):
    with pytest.raises(ValueError, match=message):
        above_thresholds(detections(), thresholds, ['cat', 'dog', 'owl'])


@pytest.mark.parametrize(
    'thresholds',
    [
        ['x'],
        {'mask_score': 0.5},
        {'mask_score': {'cat': 'abc'}},
        {'mask_score': {'cat': None}},
        {'mask_score': {'cat': float('nan')}},
        {'mask_score': {'cat': -1}},
        {'mask_score': {'cat': 1.5}},
        {'mask_score': {'cat': [0.5]}},
    ],
)
def test_damaged_thresholds_are_named(thresholds):
    with pytest.raises(ValueError, match='are not a score for each ranking'):
        check_classes(thresholds, ['cat'], 'mask_score')


def test_a_threshold_that_draws_none():
    check_classes({'mask_score': {'cat': 2.0}}, ['cat'], 'mask_score')
