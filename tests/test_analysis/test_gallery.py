"""What the gallery shows."""

import numpy as np

from mmdet_msrcnn.analysis.errors import KINDS
from mmdet_msrcnn.analysis.gallery import (
    NOT_KEPT,
    NUM_CHANGED,
    count_errors,
    errors_of,
    gallery_rows,
    listed,
)
from mmdet_msrcnn.analysis.rank_gallery import rank_changes
from mmdet_msrcnn.analysis.score_thresholds import score_thresholds
from tests.test_evaluation.coco_cases import evaluation_of, random_case


def case():
    coco, detections = random_case(num_images=40)
    evaluator = evaluation_of(coco, detections)
    errors = errors_of(evaluator, score_thresholds(evaluator))
    return coco, evaluator.detections, errors


def test_largest_changes_of_rank_are_shown():
    coco, detections, errors = case()
    rows = gallery_rows(coco, detections, errors)
    shown = {id(row['source']) for row in rows}
    order = np.argsort(rank_changes(detections), kind='stable')
    for i in (*order[:NUM_CHANGED], *order[-NUM_CHANGED:]):
        assert id(detections[i]) in shown
    assert len(shown) == len(rows)
    changes = {row.get('rank_change') for row in rows}
    assert rank_changes(detections).max() in changes


def test_every_kind_is_shown_with_its_best_scores():
    coco, detections, errors = case()
    rows = gallery_rows(coco, detections, errors)
    counts = count_errors(coco, errors)
    for kind in KINDS:
        total = sum(own[kind] for own in counts.values())
        shown = [row for row in rows if row['kind'] == kind]
        assert len(shown) >= min(total, 30) > 0
        if kind != 'missed':
            scores = [
                error['source']['mask_score']
                for error in errors
                if error['kind'] == kind
            ]
            best = max(row['mask_score'] for row in shown)
            assert abs(best - max(scores)) < 1e-4
    kinds = {row['kind'] for row in rows}
    assert kinds <= {*KINDS, NOT_KEPT}


def test_counts_are_those_of_the_errors():
    coco, _, errors = case()
    counts = count_errors(coco, errors)
    assert sum(sum(own.values()) for own in counts.values()) == len(errors)
    # In the order of the categories.
    assert list(counts) == ['class2', 'class1', 'class0']


def test_rows_say_which_detection():
    coco, detections, errors = case()
    row = gallery_rows(coco, detections, errors)[0]
    source = row['source']
    assert row['image'] == coco.imgs[source['image_id']]['file_name']
    assert row['class'] == coco.cats[source['category_id']]['name']
    assert abs(row['class_score'] - source['score']) < 1e-4
    assert 'source' not in listed(row)


def test_a_model_without_mask_scores():
    coco, detections = random_case()
    keys = 'mask_iou', 'mask_score'
    plain = [
        {k: v for k, v in det.items() if k not in keys} for det in detections
    ]
    evaluator = evaluation_of(coco, plain)
    errors = errors_of(evaluator, score_thresholds(evaluator))
    rows = gallery_rows(coco, evaluator.detections, errors)
    assert rows
    assert not any('mask_score' in row or 'rank_change' in row for row in rows)
