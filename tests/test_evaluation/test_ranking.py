"""Order and matches of detections, worked by hand.

test_precision.py compares the figures with pycocotools.
"""

import numpy as np

from mmdet_msrcnn.evaluation.detections import column
from mmdet_msrcnn.evaluation.overlaps import box_overlaps
from mmdet_msrcnn.evaluation.ranking import Ranked, rank
from tests.test_evaluation.coco_cases import make_coco

BOX, UPPER, FAR = (0, 0, 10, 10), (0, 0, 10, 6), (30, 30, 10, 10)


def ranked_of(instances, detections, max_dets=100, iou_thrs=(0.5,)) -> Ranked:
    """Instances of image, box and crowd; detections of image, box, score."""
    rows = [(image, 10, box, crowd) for image, box, crowd in instances]
    dets = [
        dict(image_id=image, category_id=10, bbox=list(box), score=score)
        for image, box, score in detections
    ]
    coco = make_coco(rows, 2, 1)
    overlaps = box_overlaps(coco, dets, [10], [1, 2], iou_thrs)
    return rank(overlaps, column(dets, 'score'), max_dets)


def matched(ranked: Ranked, t=0) -> list[int]:
    """Instances of the candidates, of any area; -1 if none."""
    pairs = ranked.matches[:, 0, t]
    instances = ranked.overlaps.pairs.instances
    return [int(instances[pair]) if pair >= 0 else -1 for pair in pairs]


def test_order_and_places():
    found = ranked_of(
        [],
        [(2, BOX, 0.5), (1, BOX, 0.5), (1, FAR, 0.9), (2, FAR, 0.5)],
    )
    # Of equal scores the earlier image is first, then the earlier detection.
    rows = found.overlaps.source[found.rows]
    assert rows.tolist() == [2, 1, 0, 3]
    assert found.scores.tolist() == [0.9, 0.5, 0.5, 0.5]
    assert found.places.tolist() == [0, 1, 0, 1]
    assert found.candidates.tolist() == []


def test_detections_beyond_the_limit_of_an_image_are_left_out():
    dets = [(1, BOX, 0.9), (1, BOX, 0.8), (1, BOX, 0.7), (2, BOX, 0.1)]
    found = ranked_of([(1, BOX, 0)], dets, max_dets=2)
    assert found.overlaps.source[found.rows].tolist() == [0, 1, 3]


def test_the_better_score_takes_the_instance():
    found = ranked_of([(1, BOX, 0)], [(1, BOX, 0.1), (1, UPPER, 0.9)])
    assert matched(found) == [0, -1]
    assert found.true[:, 0, 0].tolist() == [True, False]
    assert found.counted[:, 0, 0].tolist() == [True, True]
    # At a higher threshold it does not.
    found = ranked_of(
        [(1, BOX, 0)], [(1, BOX, 0.1), (1, UPPER, 0.9)], iou_thrs=(0.5, 0.8)
    )
    assert matched(found, 1) == [-1, 0]


def test_the_best_free_instance_is_taken_and_the_later_of_equal_ones():
    dets = [(1, BOX, 0.9), (1, BOX, 0.8), (1, BOX, 0.7)]
    found = ranked_of([(1, BOX, 0), (1, UPPER, 0), (1, BOX, 0)], dets)
    assert matched(found) == [2, 0, 1]


def test_a_crowd_takes_any_number_but_only_what_is_left():
    dets = [(1, UPPER, 0.9), (1, UPPER, 0.8), (1, UPPER, 0.7)]
    found = ranked_of([(1, BOX, 1), (1, BOX, 0)], dets)
    # The IoU with the crowd is 1, with the instance 0.6.
    assert matched(found) == [1, 0, 0]
    assert found.counted[:, 0, 0].tolist() == [True, False, False]


def test_unmatched_detections_count_in_their_area_range():
    found = ranked_of([(1, BOX, 0)], [(1, BOX, 0.9), (1, BOX, 0.8)])
    assert found.counted[:, :, 0].astype(int).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
    ]
    assert found.true[0, :, 0].tolist() == [True, True, False, False]


def test_slices_of_classes():
    rows = [(1, cat, BOX, 0) for cat in (10, 20, 20)]
    dets = [
        dict(image_id=1, category_id=cat, bbox=list(box))
        for cat, box in ((20, BOX), (30, BOX), (20, FAR), (10, FAR))
    ]
    overlaps = box_overlaps(
        make_coco(rows, 1, 3), dets, [10, 20, 30], [1], [0.5]
    )
    found = rank(overlaps, np.array([0.1, 0.2, 0.3, 0.4]), 100)
    assert list(found.by_class()) == [
        (slice(0, 1), slice(0, 0)),
        (slice(1, 3), slice(0, 1)),
        (slice(3, 4), slice(1, 1)),
    ]
    assert found.candidates.tolist() == [2]


def test_a_threshold_of_1_allows_rounding_errors():
    nearly = (0, 0, 10, 10 + 1e-10)
    found = ranked_of([(1, BOX, 0)], [(1, nearly, 0.9)], iou_thrs=(0.5, 1))
    assert found.overlaps.pairs.ious[0] < 1
    assert matched(found, 1) == [0]


def test_instances_out_of_range_are_taken_last():
    """Of the small range, where the better instance is ignored."""
    large, small = (0, 0, 40, 26), (0, 0, 38, 26)
    found = ranked_of([(1, large, 0), (1, small, 0)], [(1, large, 0.9)])
    instances = found.overlaps.pairs.instances[found.matches[0, :, 0]]
    assert instances.tolist() == [0, 1, 0, 0]
    assert found.true[0, :, 0].tolist() == [True, True, True, False]
