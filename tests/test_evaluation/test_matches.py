"""Matches of detections, against pycocotools."""

import numpy as np
import pytest

from mmdet_msrcnn.evaluation.matches import matches_at
from tests.test_evaluation.coco_cases import evaluator_of, random_case


@pytest.mark.parametrize('iou_thr', [0.5, 0.75])
def test_matches_are_those_of_the_evaluation(iou_thr):
    evaluator = evaluator_of(*random_case(1))
    evaluator.precision_by('mask_score', by_area=False)
    t = int(np.argmin(abs(evaluator.params.iouThrs - iou_thr)))
    assert sum(len(own.scores) for own in matches_at(evaluator, iou_thr)) > 20
    results = [r for r in evaluator.evalImgs if r is not None]
    for cat_id, own in zip(
        evaluator.params.catIds, matches_at(evaluator, iou_thr), strict=True
    ):
        assert (np.diff(own.scores) <= 0).all()
        of_class = [r for r in results if r['category_id'] == cat_id]
        kept = [r['dtIgnore'][t] == 0 for r in of_class]
        true = [
            (r['dtMatches'][t][k] > 0).sum()
            for r, k in zip(of_class, kept, strict=True)
        ]
        assert (own.ious > 0).sum() == sum(true)
        assert (own.ious[own.ious > 0] >= iou_thr).all()
        assert len(own.scores) == sum(map(sum, kept))
        for i, img_id in enumerate(evaluator.params.imgIds):
            here = [r for r in of_class if r['image_id'] == img_id]
            num = sum(int((np.array(r['gtIgnore']) == 0).sum()) for r in here)
            assert own.num_gts[i] == num
            scores = sorted(own.scores[own.images == i])
            expected = [
                np.array(r['dtScores'])[r['dtIgnore'][t] == 0] for r in here
            ]
            assert scores == sorted(np.concatenate([[], *expected]))


def test_other_iou_thresholds_are_named():
    evaluator = evaluator_of(*random_case())
    evaluator.precision_by('score', by_area=False)
    with pytest.raises(ValueError, match='iou_thr must be one of .*0.52'):
        matches_at(evaluator, 0.52)
