"""Thresholds against pycocotools on the detections that they keep."""

import contextlib
import io
import math

import numpy as np
import pytest
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.matches import (
    Matches,
    matches_at,
)
from mmdet_msrcnn.evaluation.operating_points import (
    OperatingPoint,
    at_precision,
    at_recall,
    at_threshold,
    best_f1,
    calibration_error,
    operating_points,
    optimal_lrp,
)
from tests.test_evaluation.coco_cases import evaluation_of, random_case


def hand_worked() -> Matches:
    """Four instances in two images; the second score is there twice."""
    return Matches(
        scores=np.array([0.9, 0.8, 0.8, 0.6, 0.3]),
        ious=np.array([0.75, 0.0, 1.0, 0.6, 0.0]),
        images=np.array([0, 0, 1, 1, 1]),
        num_gts=np.array([3, 1]),
    )


def nothing(num_gts=0, scores=()) -> Matches:
    scores = np.array(scores, float)
    zeros = np.zeros(len(scores))
    return Matches(scores, zeros, zeros.astype(int), np.array([num_gts]))


def counts_of_pycocotools(coco, detections, key, cat_id, thr, iou_thr):
    """True positives, false positives, instances and IoUs of the matches."""
    kept = [dict(det, score=det[key]) for det in detections if det[key] >= thr]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = COCOeval(coco, coco.loadRes(kept), 'segm')
        evaluator.params.catIds = [cat_id]
        evaluator.params.iouThrs = np.array([iou_thr])
        evaluator.params.areaRng = evaluator.params.areaRng[:1]
        evaluator.evaluate()
    true = false = num = 0
    ious = []
    for result in filter(None, evaluator.evalImgs):
        matched = result['dtMatches'][0] > 0
        counted = ~result['dtIgnore'][0].astype(bool)
        true += int((matched & counted).sum())
        false += int((~matched & counted).sum())
        num += sum(not ignored for ignored in result['gtIgnore'])
        pairs = zip(
            result['dtIds'], result['dtMatches'][0], counted, strict=True
        )
        for dt_id, gt_id, counts in pairs:
            if gt_id and counts:
                ious.append(iou_of(coco, evaluator.cocoDt, dt_id, gt_id))
    return true, false, num, ious


def iou_of(coco, coco_dt, dt_id, gt_id) -> float:
    dt = coco_dt.annToMask(coco_dt.anns[dt_id]).astype(bool)
    gt = coco.annToMask(coco.anns[int(gt_id)]).astype(bool)
    return (dt & gt).sum() / (dt | gt).sum()


@pytest.mark.parametrize('key', ['score', 'mask_score'])
@pytest.mark.parametrize('iou_thr', [0.5, 0.75])
def test_every_threshold_equals_pycocotools(key, iou_thr):
    coco, detections = random_case(2)
    evaluation = evaluation_of(coco, detections)
    found = matches_at(evaluation.ranked_by(key), iou_thr)
    assert len(found) == 3
    for cat_id, matches in zip(evaluation.cat_ids, found, strict=True):
        points = operating_points(matches)
        assert len(points) > 5
        errors = []
        for point in map(OperatingPoint._make, points):
            true, false, num, ious = counts_of_pycocotools(
                coco, detections, key, cat_id, point.threshold, iou_thr
            )
            assert point.precision == pytest.approx(true / (true + false))
            assert point.recall == pytest.approx(true / num)
            assert point.f1 == pytest.approx(
                2 * true / (2 * true + false + num - true)
            )
            assert at_threshold(matches, point.threshold) == (
                pytest.approx(point)
            )
            distances = [(1 - iou) / (1 - iou_thr) for iou in ious]
            missed = num - true
            errors.append(
                (sum(distances) + false + missed) / (true + false + missed)
            )
        best = optimal_lrp(matches, iou_thr)
        index = int(np.argmin(errors))
        assert best.error == pytest.approx(errors[index])
        threshold, precision, recall, _ = points[index]
        assert best.threshold == threshold
        assert best.false_positives == pytest.approx(1 - precision)
        assert best.false_negatives == pytest.approx(1 - recall)


def test_hand_worked_points():
    points = operating_points(hand_worked())
    np.testing.assert_allclose(
        points,
        [
            (0.9, 1, 1 / 4, 2 / 5),
            # Both detections of the score, or none.
            (0.8, 2 / 3, 1 / 2, 4 / 7),
            (0.6, 3 / 4, 3 / 4, 3 / 4),
            (0.3, 3 / 5, 3 / 4, 2 / 3),
        ],
    )
    points = [OperatingPoint(*row) for row in points.tolist()]
    assert best_f1(hand_worked()) == points[2]
    assert at_recall(hand_worked(), 0.5) == points[2]
    assert at_recall(hand_worked(), 0.25) == points[0]
    assert at_precision(hand_worked(), 0.7) == points[2]
    assert at_precision(hand_worked(), 1) == points[0]
    assert math.isnan(at_recall(hand_worked(), 0.9).threshold)


def test_hand_worked_lrp():
    # 0.25 + 0 + 0.4 of localisation, one false, one missed
    assert tuple(optimal_lrp(hand_worked(), 0.5)) == pytest.approx(
        (0.6, (0.65 / 0.5 + 2) / 5, 0.65 / 3, 0.25, 0.25)
    )


def test_thresholds_between_scores():
    matches = hand_worked()
    assert at_threshold(matches, 0.85).recall == 0.25
    assert at_threshold(matches, 0) == (0, 0.6, 0.75, pytest.approx(2 / 3))
    # Nothing kept is nothing wrong.
    assert at_threshold(matches, 0.95) == (0.95, 1, 0, 0)


def test_resampled_images_count_as_often_as_drawn():
    point = at_threshold(hand_worked(), 0.6, np.array([0, 2]))
    assert point == pytest.approx((0.6, 1, 2, 4 / 3))
    once = at_threshold(hand_worked(), 0.6, np.array([1, 1]))
    assert once == at_threshold(hand_worked(), 0.6)


def test_calibration_error():
    # Bins 0.9: |0.9 - 1|; 0.8: |1.6 - 1|; 0.6: |0.6 - 1|; 0.3: 0.3.
    assert calibration_error(hand_worked()) == pytest.approx(1.4 / 5)
    perfect = nothing(1, [1.0, 0.0])._replace(ious=np.array([0.9, 0.0]))
    assert calibration_error(perfect) == 0
    assert math.isnan(calibration_error(nothing(1)))


def test_no_instances():
    matches = nothing(0, [0.9])
    assert operating_points(matches).shape == (0, 4)
    for point in (best_f1(matches), at_recall(matches, 0.5)):
        assert all(map(math.isnan, point))
    assert math.isnan(at_threshold(matches, 0.5).f1)
    assert math.isnan(optimal_lrp(matches, 0.5).error)


def test_no_detections():
    matches = nothing(3)
    for found in (best_f1(matches), best_f1(nothing(3, [0.9, 0.5]))):
        # A threshold would be that of false positives.
        assert math.isnan(found.threshold)
        assert (found.recall, found.f1) == (0, 0)
    assert at_threshold(matches, 0.5) == (0.5, 1, 0, 0)
    best = optimal_lrp(matches, 0.5)
    assert (best.error, best.false_negatives) == (1, 1)
