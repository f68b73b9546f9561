"""Lists of detections, and their columns."""

import copy
import json

import numpy as np
from mmdet.evaluation import CocoMetric
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation.detections import column, to_detections
from tests.test_evaluation.coco_cases import rectangle


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


def test_column():
    assert column([dict(a=1, b=2), dict(a=3)], 'a').tolist() == [1, 3]
    assert column([], 'a').shape == (0,)


def test_boxes_are_those_of_coco_metric():
    # In single precision 4.1 - 0.1 is 4, in double it is below.
    preds = predictions()
    preds[0]['bboxes'] = np.array(
        [[0.1, 0, 4.1, 10], [1 / 3, 0.7, 32.3, 9.1]], np.float32
    )
    found = [det['bbox'] for det in to_detections(preds, [9, 7])]
    metric = CocoMetric(metric='bbox')
    assert found == [metric.xyxy2xywh(box) for box in preds[0]['bboxes']]
    assert found[0][2] < 4
    # Boxes in double precision are not changed either.
    boxes = preds[0]['bboxes'] = preds[0]['bboxes'].astype(float)
    before = boxes.copy()
    to_detections(preds, [9, 7])
    assert np.array_equal(boxes, before)
