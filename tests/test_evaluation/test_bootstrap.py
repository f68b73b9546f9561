"""Bootstrap over images against an evaluation of the drawn images."""

import numpy as np
import pytest

from mmdet_msrcnn.evaluation.bootstrap import (
    bootstrap,
    interval,
    resample_images,
)
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    mean_precision,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval
from tests.test_evaluation.coco_cases import make_coco, random_case


@pytest.fixture(scope='module')
def case():
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    return coco, RankedCOCOeval(coco, detections, *protocol)


def test_drawing_every_image_once_is_the_evaluation(case):
    _, evaluator = case
    (found,) = bootstrap(evaluator, np.arange(8)[None])
    for ranking, key in RANKINGS.items():
        precision = evaluator.precision_by(key)[..., 0]
        assert found[ranking] == mean_precision(precision)
    columns = (
        np.array([det[key] for det in evaluator.detections])
        for key in ('mask_iou', 'true_iou')
    )
    expected = iou_statistics(*columns)
    assert {key: found[key] for key in expected} == pytest.approx(expected)


def test_drawing_an_image_twice_is_a_data_set_that_has_it_twice(case):
    coco, evaluator = case
    sample = [2, 2, 0, 5, 5, 5, 7, 1]
    annotations, detections = [], []
    for new, old in enumerate(sample, start=1):
        for ann in coco.loadAnns(coco.getAnnIds(imgIds=old + 1)):
            box = [int(v) for v in ann['bbox']]
            annotations.append((new, ann['category_id'], box, ann['iscrowd']))
        detections += [
            dict(det, image_id=new)
            for det in evaluator.detections
            if det['image_id'] == old + 1
        ]
    copied = make_coco(annotations, 8, 3)
    expected = RankedCOCOeval(
        copied, detections, coco.getCatIds(), copied.getImgIds()
    )
    (found,) = bootstrap(evaluator, np.array([sample]))
    for ranking, key in RANKINGS.items():
        precision = expected.precision_by(key)[..., 0]
        assert found[ranking] == pytest.approx(mean_precision(precision))


def test_resamples_are_the_same_for_every_model():
    first, second = (resample_images(20, 5) for _ in range(2))
    assert np.array_equal(first, second)
    assert first.shape == (5, 20)
    assert not np.array_equal(first[0], first[1])


def test_interval():
    assert interval(range(1001)) == (25, 975)
