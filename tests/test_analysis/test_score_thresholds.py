"""Thresholds of the best F1, and what they reach on other images."""

import math

import numpy as np
import pytest

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.score_thresholds import (
    can_cut,
    f1_at,
    mean_f1,
    pool,
    rankings_of,
    score_thresholds,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.evaluation.matches import (
    Matches,
    matches_at,
)
from mmdet_msrcnn.evaluation.operating_points import (
    best_f1,
)
from tests.test_evaluation.coco_cases import evaluation_of, random_case

CLASSES = {'class0', 'class1', 'class2'}


@pytest.fixture(scope='module')
def evaluator():
    return evaluation_of(*random_case())


@pytest.fixture(scope='module')
def thresholds(evaluator):
    return score_thresholds(evaluator)


def test_every_ranking_and_class(thresholds, evaluator):
    assert list(thresholds) == ['class_score', 'product', 'mask_score']
    for ranking, found in thresholds.items():
        assert set(found['classes']) == CLASSES
        ranked = evaluator.ranked_by(evaluator.rankings[ranking])
        for iou_thr in (0.5, 0.75):
            at = matches_at(ranked, iou_thr)
            for cat_id, own in zip(evaluator.cat_ids, at, strict=True):
                name = evaluator.coco.cats[cat_id]['name']
                figures = found['classes'][name]
                assert figures['f1'][str(iou_thr)] == best_f1(own)._asdict()


def test_rankings_of_the_oracle_are_no_programs(evaluator):
    assert 'oracle' in evaluator.rankings
    assert set(rankings_of(evaluator)) == {
        'class_score',
        'product',
        'mask_score',
    }


def test_pooled_classes_are_one_class(evaluator):
    matches = matches_at(evaluator.ranked_by('score'), 0.5)
    pooled = pool(matches)
    assert (np.diff(pooled.scores) <= 0).all()
    assert len(pooled.scores) == sum(len(own.scores) for own in matches)
    assert (
        pooled.num_gts.tolist()
        == np.sum([own.num_gts for own in matches], axis=0).tolist()
    )
    assert pooled.ious.sum() == pytest.approx(
        sum(own.ious.sum() for own in matches)
    )


def test_on_the_same_images_they_reach_what_they_were_chosen_for(
    evaluator, thresholds
):
    samples = resample_images(8, 20)
    found = f1_at(evaluator, thresholds, samples)
    for iou_thr in ('0.5', '0.75'):
        for ranking in thresholds:
            best = [
                figures['f1'][iou_thr]['f1']
                for figures in thresholds[ranking]['classes'].values()
            ]
            entry = found[iou_thr][ranking]
            assert entry['f1'] == pytest.approx(np.mean(best))
            low, high = entry['interval']
            assert low < entry['f1'] < high
        difference = found[iou_thr]['mask_score - class_score']
        assert difference['f1'] == pytest.approx(
            found[iou_thr]['mask_score']['f1']
            - found[iou_thr]['class_score']['f1']
        )


def test_resamples_are_data_sets_with_repeated_images(thresholds):
    """The interval of one resample is the F1 on those images."""
    coco, detections = random_case()
    evaluator = evaluation_of(coco, detections)
    img_ids = coco.getImgIds()
    # Four images once, so that a data set of them can be evaluated.
    sample = np.array([[0, 2, 3, 5]])
    found = f1_at(evaluator, thresholds, sample)
    few = [img_ids[i] for i in sample[0]]
    part = MaskEvaluation(
        coco,
        [det for det in detections if det['image_id'] in few],
        coco.getCatIds(),
        few,
    )
    expected = f1_at(part, thresholds, sample[:0])
    for iou_thr, rankings in expected.items():
        for ranking, entry in rankings.items():
            low, high = found[iou_thr][ranking]['interval']
            assert low == high == pytest.approx(entry['f1'])


def test_classes_without_instances_do_not_count():
    one = Matches(np.ones(1), np.ones(1), np.zeros(1, int), np.array([1]))
    none = one._replace(num_gts=np.array([0]))
    assert mean_f1([one, none], [0.5, 0.5]) == 1
    assert math.isnan(mean_f1([none], [0.5]))


def test_other_models_and_classes_are_named(evaluator, thresholds):
    samples = resample_images(8, 2)
    with pytest.raises(ValueError, match='for the ranking mask_score'):
        f1_at(evaluator, {'class_score': {}, 'product': {}}, samples)
    found = {
        ranking: dict(own, classes=dict(other=own['classes']['class0']))
        for ranking, own in thresholds.items()
    }
    with pytest.raises(ValueError, match=r"class 'class.'.*\['other'\]"):
        f1_at(evaluator, found, samples)


def test_other_iou_thresholds_have_none():
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    evaluator = MaskEvaluation(coco, detections, *protocol, iou_thrs=[0.5])
    assert not can_cut(evaluator)
    assert can_cut(evaluation_of(coco, detections))
