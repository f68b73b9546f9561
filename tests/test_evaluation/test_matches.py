"""Matches of detections, against pycocotools."""

from collections import defaultdict

import numpy as np
import pytest

from mmdet_msrcnn.evaluation.matches import instances_by_image, matches_at
from tests.test_evaluation.coco_cases import (
    evaluation_of,
    pycocotools_eval,
    random_case,
    true_iou,
)


@pytest.mark.parametrize('iou_thr', [0.5, 0.75])
def test_matches_are_those_of_pycocotools(iou_thr):
    coco, detections = random_case(1)
    evaluation = evaluation_of(coco, detections)
    found = matches_at(evaluation.ranked_by('mask_score'), iou_thr)
    assert sum(len(own.scores) for own in found) > 20
    evaluator = pycocotools_eval(
        coco, detections, 'mask_score', 'segm', iouThrs=np.array([iou_thr])
    )
    results = [r for r in evaluator.evalImgs if r and r['aRng'] == [0, 1e10]]
    num_gts = instances_by_image(evaluation.overlaps)
    for cat_id, own, num in zip(
        evaluation.cat_ids, found, num_gts, strict=True
    ):
        assert (np.diff(own.scores) <= 0).all()
        assert (own.num_gts == num).all()
        assert not ((own.ious > 0) & (own.ious < iou_thr)).any()
        for i, img_id in enumerate(evaluation.img_ids):
            here = own.images == i
            columns = zip(own.scores[here], own.ious[here] > 0, strict=True)
            rows = [(0, 0)][:0]
            for r in results:
                if (r['image_id'], r['category_id']) == (img_id, cat_id):
                    kept = r['dtIgnore'][0] == 0
                    true = r['dtMatches'][0][kept] > 0
                    scores = np.array(r['dtScores'])[kept]
                    rows = list(zip(scores, true, strict=True))
                    assert num[i] == (np.array(r['gtIgnore']) == 0).sum()
            assert sorted(columns) == sorted(rows)


def test_ious_are_those_with_the_matched_instance():
    """At this threshold, every match is with the best instance."""
    coco, detections = random_case(num_images=40)
    evaluation = evaluation_of(coco, detections)
    found = matches_at(evaluation.ranked_by('score'), 0.75)
    known = defaultdict(set)
    for det in detections:
        key = det['category_id'], det['image_id'], det['score']
        known[key].add(true_iou(coco, det))
    num = 0
    for cat_id, own in zip(evaluation.cat_ids, found, strict=True):
        columns = zip(own.images, own.scores, own.ious, strict=True)
        for image, score, iou in columns:
            if iou:
                assert iou in known[cat_id, evaluation.img_ids[image], score]
                num += 1
    assert num > 5


def test_other_iou_thresholds_are_named():
    ranked = evaluation_of(*random_case()).ranked_by('score')
    with pytest.raises(ValueError, match='iou_thr must be one of .*0.52'):
        matches_at(ranked, 0.52)
