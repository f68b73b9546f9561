"""What goes wrong, in scenes whose errors are known."""

import pytest

from mmdet_msrcnn.analysis.errors import KINDS, find_errors, kind_of
from tests.test_evaluation.coco_cases import (
    encode,
    evaluation_of,
    make_coco,
    pycocotools_eval,
    random_case,
    rectangle,
)

# x, y, width, height
INSTANCE, SECOND, FAR = (10, 10, 20, 20), (35, 10, 20, 20), (10, 40, 20, 20)


def detection(box, score, category_id=10, image_id=1) -> dict:
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=list(box),
        segmentation=encode(rectangle(*box)),
        score=score,
        mask_iou=0.5,
        mask_score=score / 2,
    )


def kinds(annotations, detections, threshold=0.0, key='score'):
    evaluator = evaluation_of(make_coco(annotations, 2, 2), detections)
    thresholds = {10: threshold, 20: threshold}
    return [
        (found['kind'], found['category_id'], round(found['iou'], 3))
        for found in find_errors(evaluator, key, thresholds)
    ]


def test_every_kind():
    annotations = [
        (1, 10, INSTANCE, 0),
        (1, 20, SECOND, 0),
        (2, 10, FAR, 0),
    ]
    half = (10, 10, 20, 10)
    quarter = (10, 10, 10, 10)
    detections = [
        detection(INSTANCE, 0.9),
        detection(half, 0.8),
        detection(quarter, 0.7),
        detection(SECOND, 0.6),
        detection(FAR, 0.5),
    ]
    assert kinds(annotations, detections) == [
        ('correct', 10, 1),
        ('duplicate', 10, 0.5),
        ('poor mask', 10, 0.25),
        ('wrong class', 10, 1),
        ('background', 10, 0),
        ('missed', 20, 0),
        ('missed', 10, 0),
    ]


def test_the_better_score_finds_the_instance():
    half = (10, 10, 20, 10)
    found = [detection(half, 0.9), detection(INSTANCE, 0.8)]
    annotations = [(1, 10, INSTANCE, 0)]
    assert kinds(annotations, found) == [
        ('correct', 10, 0.5),
        ('duplicate', 10, 1),
    ]
    found[0]['mask_score'] = 0.1
    assert kinds(annotations, found, key='mask_score') == [
        ('correct', 10, 1),
        ('duplicate', 10, 0.5),
    ]


def test_threshold():
    found = [detection(INSTANCE, 0.5)]
    annotations = [(1, 10, INSTANCE, 0)]
    assert kinds(annotations, found, 0.5) == [('correct', 10, 1)]
    assert kinds(annotations, found, 0.51) == [('missed', 10, 0)]


def test_crowds_are_neither_found_nor_missed():
    inside = (12, 12, 5, 5)
    annotations = [(1, 10, INSTANCE, 1)]
    assert kinds(annotations, [detection(inside, 0.5)]) == []
    # A crowd of another class.
    assert kinds(annotations, [detection(inside, 0.5, 20)]) == [
        ('background', 20, 0)
    ]


@pytest.mark.parametrize('seed', range(3))
def test_correct_ones_are_true_positives_of_pycocotools(seed):
    coco, detections = random_case(seed)
    evaluator = evaluation_of(coco, detections)
    results = pycocotools_eval(coco, detections, 'mask_score', 'segm').evalImgs
    true = sum(
        int(((r['dtMatches'][0] > 0) & (r['dtIgnore'][0] == 0)).sum())
        # Of any area.
        for r in filter(None, results)
        if r['aRng'] == [0, 1e10]
    )
    num = sum(not ann['iscrowd'] for ann in coco.anns.values())
    found = find_errors(
        evaluator, 'mask_score', dict.fromkeys([10, 20, 30], 0)
    )
    by_kind = {kind: [f for f in found if f['kind'] == kind] for kind in KINDS}
    assert len(by_kind['correct']) == true
    assert len(by_kind['missed']) == num - true
    assert sum(map(len, by_kind.values())) == len(found)


@pytest.mark.parametrize(
    ('own', 'other', 'kind'),
    [
        (0.5, 0.9, 'duplicate'),
        (0.49, 0.5, 'wrong class'),
        (0.1, 0.49, 'poor mask'),
        (0.09, 0.49, 'background'),
    ],
)
def test_borders(own, other, kind):
    assert kind_of(own, other)[0] == kind
