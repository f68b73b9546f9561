"""pycocotools' evaluation, of copies of what it is given."""

import copy
import json

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation.coco_eval import (
    COCO_IOU_THRS,
    box_evaluator,
    load_detections,
    run_coco_eval,
    run_recall_eval,
    to_detections,
)
from mmdet_msrcnn.evaluation.functional import (
    mean_precision,
    summarize_precision,
)
from tests.test_evaluation.coco_cases import (
    evaluator_of,
    make_coco,
    pycocotools_stats,
    random_case,
    rectangle,
)


def test_boxes_equal_pycocotools():
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    precision = run_coco_eval(box_evaluator(coco, detections, *protocol))
    np.testing.assert_allclose(
        list(summarize_precision(precision, COCO_IOU_THRS).values()),
        pycocotools_stats(coco, detections, 'score', 'bbox')[:6],
        rtol=1e-12,
    )


def test_recall_equals_pycocotools():
    coco, detections = random_case()
    evaluator = evaluator_of(coco, detections)
    evaluator.precision_by('mask_score')
    recall = run_recall_eval(evaluator, [1, 2, 100])
    assert evaluator.params.maxDets == [100]
    expected = pycocotools_stats(
        coco, detections, 'mask_score', 'segm', [1, 2, 100]
    )[6:]
    found = [mean_precision(recall[:, :, 0, i]) for i in range(3)]
    found += [mean_precision(recall[:, :, i, 2]) for i in range(1, 4)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_boxes_of_some_images_and_categories_worked_by_hand():
    """A box with an IoU of 0.8 counts at 7 of 10 thresholds."""
    box, loose = (10, 10, 20, 20), [10, 10, 20, 25]
    rows = [(image, cat, box, 0) for image in (1, 2) for cat in (10, 20)]
    coco = make_coco(rows, 2, 2)
    det = dict(image_id=2, category_id=10, score=0.5)
    detections = [
        dict(det, bbox=loose),
        dict(det, bbox=list(box), category_id=20),
        dict(det, bbox=[40, 40, 5, 5], image_id=1, score=0.9),
    ]
    precision = run_coco_eval(box_evaluator(coco, detections, [10], [2]))
    assert precision.shape == (10, 101, 1, 4)
    found = precision[:, :, 0, 0].mean(1)
    assert found == pytest.approx([1] * 7 + [0] * 3)
    evaluator = box_evaluator(coco, detections, [20], [2], 5, [0.5, 0.9])
    precision = run_coco_eval(evaluator)
    assert precision.shape == (2, 101, 1, 4)
    assert precision[..., 0].min() == pytest.approx(1)
    assert evaluator.params.maxDets == [5]
    # No instance is medium or large.
    assert (precision[..., 2:] == -1).all()


def test_recall_in_the_order_of_the_numbers_of_detections():
    """Hand-worked: the second of two detections is the right one."""
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 1, 1)
    det = dict(image_id=1, category_id=10)
    detections = [
        dict(det, bbox=[40, 40, 5, 5], score=0.9),
        dict(det, bbox=list(box), score=0.1),
    ]
    evaluator = box_evaluator(coco, detections, [10], [1])
    recall = run_recall_eval(evaluator, [100, 1, 2, 1])
    assert recall.shape == (10, 1, 4, 4)
    assert recall[:, 0, 0].tolist() == [[1, 0, 1, 0]] * 10
    assert evaluator.params.maxDets == [100]


def test_loaded_detections_have_the_area_of_the_evaluated_shape():
    coco, detections = random_case()
    before = copy.deepcopy(detections)
    detections[0]['bbox'] = before[0]['bbox'] = [0.0, 0, 1, 2]
    for shape in ('bbox', 'segmentation'):
        loaded = load_detections(coco, detections, shape)
        found = loaded.dataset['annotations']
        assert [d['score'] for d in found] == [d['score'] for d in before]
        for det, source in zip(found, before, strict=True):
            assert det[shape] == source[shape]
            det['score'] = 7
        assert detections == before
        expected = (
            2
            if shape == 'bbox'
            else mask_utils.area(before[0]['segmentation'])
        )
        assert found[0]['area'] == expected


def test_evaluator_of_boxes_changes_no_argument():
    coco, detections = random_case()
    before = copy.deepcopy((coco.dataset, coco.anns, detections))
    protocol = coco.getCatIds(), coco.getImgIds()
    run_coco_eval(box_evaluator(coco, detections, *protocol))
    assert (coco.dataset, coco.anns, detections) == before


def predictions(**fields) -> list[dict]:
    """Two detections in one image and none in another."""
    boxes = np.array([[1.0, 2, 4, 7], [10, 10, 30, 20]], np.float32)
    preds = [
        dict(
            img_id='a',
            bboxes=boxes,
            labels=np.array([1, 0]),
            scores=np.array([0.5, 0.25], np.float32),
        ),
        dict(
            img_id=2,
            bboxes=np.ones((0, 4)),
            labels=np.array([], int),
            scores=np.array([]),
        ),
    ]
    for name, values in fields.items():
        preds[0][name], preds[1][name] = values, []
    return preds


def test_predictions_as_coco_results_worked_by_hand():
    first = dict(image_id='a', category_id=7, bbox=[1, 2, 3, 5], score=0.5)
    second = dict(
        image_id='a', category_id=9, bbox=[10, 10, 20, 10], score=0.25
    )
    assert to_detections(predictions(), [9, 7]) == [first, second]
    rles = [
        mask_utils.encode(np.asfortranarray(rectangle(1, 2, 3, 5))),
        dict(size=[64, 64], counts='text'),
    ]
    scores = dict(
        mask_ious=np.array([0.5, 1]), mask_scores=np.array([0.25, 0.75])
    )
    preds = predictions(masks=rles, **scores)
    before = copy.deepcopy(preds)
    found = to_detections(preds, [9, 7])
    # What is written to JSON has no bytes.
    code = rles[0]['counts'].decode()
    segmentations = [dict(size=[64, 64], counts=c) for c in (code, 'text')]
    for one, segmentation, mask_iou, mask_score in zip(
        (first, second), segmentations, (0.5, 1), (0.25, 0.75), strict=True
    ):
        one.update(
            segmentation=segmentation,
            mask_iou=mask_iou,
            mask_score=mask_score,
        )
    assert found == [first, second]
    assert json.loads(json.dumps(found)) == found
    for pred, old in zip(preds, before, strict=True):
        np.testing.assert_equal(pred, old)
