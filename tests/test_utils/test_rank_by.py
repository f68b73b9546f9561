"""Which score stands in the field ``scores``."""

import pytest
import torch
from mmengine.structures import InstanceData

from mmdet_msrcnn.utils.rank_by import (
    by_class_score,
    by_mask_score,
    class_scores_of,
    rank,
    sample_by_class_score,
)


def detections():
    return InstanceData(
        scores=torch.tensor([0.9, 0.8, 0.7, 0.6]),
        mask_scores=torch.tensor([0.2, 0.5, 0.3, 0.5]),
        labels=torch.tensor([0, 1, 2, 3]),
    )


def values(results):
    return {name: value.tolist() for name, value in results.items()}


def test_mask_scores_come_first_in_falling_order():
    before = detections()
    results, order = by_mask_score(before)
    # Detections of the same mask score keep their order.
    assert order.tolist() == [1, 3, 2, 0]
    assert torch.equal(results.scores, results.mask_scores)
    assert torch.equal(results.class_scores, before.scores[order])
    assert results.labels.tolist() == [1, 3, 2, 0]
    assert values(before) == values(detections())


def test_scores_do_not_share_memory():
    results, _ = by_mask_score(detections())
    results.scores.zero_()
    assert results.mask_scores.all()


def test_twice_is_once():
    once, _ = by_mask_score(detections())
    twice, order = by_mask_score(once)
    assert order.tolist() == [0, 1, 2, 3]
    assert values(twice) == values(once)


def test_back():
    ranked, _ = by_mask_score(detections())
    back = by_class_score(ranked)
    assert values(back) == values(detections())
    assert 'class_scores' in ranked
    plain = detections()
    assert by_class_score(plain) is plain


@pytest.mark.parametrize('ranking', ['class_score', 'mask_score'])
def test_rank(ranking):
    for results in (detections(), by_mask_score(detections())[0]):
        ranked = rank(results, ranking)
        assert ('class_scores' in ranked) == (ranking == 'mask_score')
        best = ranked[ranked.scores.argmax()[None]]
        assert best.labels.tolist() == [0 if ranking == 'class_score' else 1]


def test_nothing_detected():
    results, order = by_mask_score(detections()[:0])
    assert order.tolist() == []
    assert results.class_scores.shape == (0,)
    assert len(by_class_score(results)) == 0


@pytest.mark.parametrize('kind', [lambda pred: pred, values])
def test_samples_of_a_metric(kind):
    ranked, _ = by_mask_score(detections())
    for pred in (detections(), ranked):
        sample = dict(img_id=3, pred_instances=kind(pred))
        found = sample_by_class_score(sample)
        assert found['img_id'] == 3
        expected = detections()
        if 'class_scores' in pred:
            expected = expected[by_mask_score(expected)[1]]
        assert found['pred_instances'].keys() == {*expected.keys()}
        for name, value in found['pred_instances'].items():
            assert torch.equal(torch.as_tensor(value), expected[name]), name
        assert sample['pred_instances'] is not found['pred_instances']


def test_class_scores_stay_in_the_order_of_the_detections():
    before = detections()
    assert torch.equal(class_scores_of(before), before.scores)
    results, order = by_mask_score(before)
    assert torch.equal(class_scores_of(results), before.scores[order])
