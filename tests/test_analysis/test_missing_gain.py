"""What perfect scores of a kind would gain."""

import numpy as np
import pytest

from mmdet_msrcnn.analysis.errors import find_errors
from mmdet_msrcnn.analysis.missing_gain import (
    ALL,
    SCORED,
    missing_gain,
    missing_sections,
    true_positive_shares,
)
from tests.test_evaluation.coco_cases import (
    evaluation_of,
    hand_worked_case,
    pycocotools_eval,
    pycocotools_stats,
    random_case,
)


@pytest.mark.parametrize('key', ['score', 'mask_score'])
def test_shares_are_those_of_pycocotools(key):
    coco, detections = random_case(3)
    evaluator = pycocotools_eval(coco, detections, key, 'segm')
    expected = np.zeros(len(detections))
    everything = evaluator.params.areaRng[0]
    for one in evaluator.evalImgs:
        if one and one['aRng'] == everything:
            true = (one['dtMatches'] > 0) & ~one['dtIgnore'].astype(bool)
            # loadRes counts from 1.
            expected[np.array(one['dtIds'], int) - 1] = true.mean(axis=0)
    found = true_positive_shares(evaluation_of(coco, detections), key)
    assert len(set(found.tolist())) > 4
    np.testing.assert_allclose(found, expected)


def test_gains_are_those_of_pycocotools():
    coco, detections = random_case(5)
    masks = evaluation_of(coco, detections)
    shares = true_positive_shares(masks, 'mask_score')
    kinds = {}
    for error in find_errors(
        masks, 'mask_score', dict.fromkeys((10, 20, 30), -1)
    ):
        kinds[id(error['source'])] = error['kind']
    kinds = [kinds.get(id(det)) for det in masks.detections]
    found = missing_gain(masks)
    before = pycocotools_stats(coco, detections, 'mask_score', 'segm')[0]
    assert found.keys() == {*SCORED, ALL}
    for kind, row in found.items():
        mixed = [
            dict(det, mixed=share if kind in (own, ALL) else det['mask_score'])
            for det, own, share in zip(
                detections, kinds, shares.tolist(), strict=True
            )
        ]
        after = pycocotools_stats(coco, mixed, 'mixed', 'segm')[0]
        assert row['gain'] == pytest.approx(after - before, abs=1e-9), kind
        number = len(kinds) if kind == ALL else kinds.count(kind)
        assert row['detections'] == number
    assert found[ALL]['gain'] > found['correct']['gain'] > 0
    assert found['background']['gain'] > 0


def test_hand_worked_case():
    """The better mask has the lower class score."""
    masks = evaluation_of(*hand_worked_case())
    before = [{**det} for det in masks.detections]
    found = missing_gain(masks, 'score')
    # From 1 at one threshold and 1/2 at nine, to 1.
    assert found['correct'] == dict(detections=1, gain=pytest.approx(0.45))
    assert found[ALL] == dict(detections=2, gain=pytest.approx(0.45))
    assert found['wrong class'] == dict(detections=0, gain=0)
    assert masks.detections == before
    found = missing_gain(masks)
    assert found[ALL]['gain'] == pytest.approx(0)


def test_table():
    found = missing_gain(evaluation_of(*hand_worked_case()), 'score')
    (section,) = missing_sections(dict(missing=dict(a=found)))
    table = section.parts[-1]
    assert table.headings == ['model', *SCORED, ALL]
    assert [row[:2] for row in table.rows] == [['a', '45.0']]
    assert missing_sections({}) == missing_sections(dict(missing={})) == []
