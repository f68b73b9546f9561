"""Three rankings in one pass against pycocotools run three times."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as mask_utils
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.evaluation.functional import RANKINGS, summarize_precision
from mmdet_msrcnn.evaluation.ranked_coco_eval import (
    COCO_IOU_THRS,
    RankedCOCOeval,
    box_evaluator,
    run_coco_eval,
)
from tests.test_evaluation.coco_cases import make_coco, random_case


def pycocotools_stats(coco, detections, key, iou_type, max_dets=100):
    """The first six figures of pycocotools; mask AP needs no box."""
    field = 'segmentation' if iou_type == 'segm' else 'bbox'
    results = [
        dict(
            image_id=det['image_id'],
            category_id=det['category_id'],
            score=det[key],
            **{field: det[field]},
        )
        for det in detections
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        evaluator = COCOeval(coco, coco.loadRes(results), iou_type)
        evaluator.params.maxDets = [1, 10, max_dets]
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return evaluator.stats[:6]


def true_iou(coco, det) -> float:
    """Best IoU with a non-crowd instance of the detection's class."""
    annotations = coco.loadAnns(
        coco.getAnnIds(det['image_id'], det['category_id'], iscrowd=False)
    )
    ious = [
        mask_utils.iou([det['segmentation']], [ann['segmentation']], [0])
        for ann in annotations
    ]
    return max((iou.item() for iou in ious), default=0)


@pytest.mark.parametrize('seed', range(4))
def test_equals_pycocotools_run_once_per_ranking(seed):
    coco, detections = random_case(seed)
    protocol = coco.getCatIds(), coco.getImgIds()
    evaluator = RankedCOCOeval(coco, detections, *protocol)
    # Not the order of RANKINGS: no ranking may depend on the one before.
    for key in reversed(RANKINGS.values()):
        precision = evaluator.precision_by(key)
        alone = evaluator.precision_by(key, by_area=False)
        assert np.array_equal(alone, precision[..., :1])
        found = summarize_precision(precision, COCO_IOU_THRS)
        assert summarize_precision(alone, COCO_IOU_THRS) == {
            item: found[item] for item in ('mAP', 'mAP_50', 'mAP_75')
        }
        expected = pycocotools_stats(coco, detections, key, 'segm')
        np.testing.assert_allclose(list(found.values()), expected, rtol=1e-12)
        assert 0 < found['mAP'] < 1


def test_boxes_equal_pycocotools():
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    precision = run_coco_eval(box_evaluator(coco, detections, *protocol))
    np.testing.assert_allclose(
        list(summarize_precision(precision, COCO_IOU_THRS).values()),
        pycocotools_stats(coco, detections, 'score', 'bbox'),
        rtol=1e-12,
    )


def test_true_iou_is_the_best_of_its_class_and_not_of_a_crowd():
    coco, detections = random_case()
    RankedCOCOeval(coco, detections, coco.getCatIds(), coco.getImgIds())
    for det in detections:
        assert det['true_iou'] == true_iou(coco, det)


def test_max_dets_holds_for_every_figure():
    # 150 false positives above the only true one: COCO's usual 100 miss it.
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 1, 1)
    _, (template, *_) = random_case()
    true = dict(
        template, image_id=1, category_id=10, score=0.1, bbox=list(box)
    )
    true['segmentation'] = coco.dataset['annotations'][0]['segmentation']
    false = dict(
        true, score=0.9, segmentation=template['segmentation'], bbox=[0] * 4
    )
    detections = [dict(false) for _ in range(150)] + [true]
    for max_dets, found in ((100, False), (300, True)):
        evaluator = RankedCOCOeval(coco, detections, [10], [1], max_dets)
        values = summarize_precision(
            evaluator.precision_by('score'), COCO_IOU_THRS
        )
        assert all((values[k] > 0) == found for k in ('mAP', 'mAP_50'))
