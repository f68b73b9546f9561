"""Bootstrap over images against an evaluation of the drawn images."""

import math

import numpy as np
import pytest

from mmdet_msrcnn.analysis.bootstrap import (
    bootstrap,
    count_undefined,
    interval,
    resample_images,
)
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    mean_precision,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from tests.test_evaluation.coco_cases import make_coco, random_case
from tests.test_evaluation.test_mask_evaluation import pycocotools_stats


@pytest.fixture(scope='module')
def case():
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    return coco, MaskEvaluation(coco, detections, *protocol)


def test_drawing_every_image_once_is_the_evaluation(case):
    _, evaluator = case
    (found,) = bootstrap(evaluator, np.arange(8)[None])
    for ranking, key in RANKINGS.items():
        precision = evaluator.precision_by(key)[..., 0]
        assert getattr(found, ranking) == pytest.approx(
            mean_precision(precision), abs=1e-9
        )
    columns = (
        np.array([det[key] for det in evaluator.detections])
        for key in ('mask_iou', 'true_iou')
    )
    expected = iou_statistics(*columns)
    known = found.known()
    assert {key: known[key] for key in expected} == pytest.approx(expected)


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
    expected = MaskEvaluation(
        copied, detections, coco.getCatIds(), copied.getImgIds()
    )
    (found,) = bootstrap(evaluator, np.array([sample]))
    for ranking, key in RANKINGS.items():
        precision = expected.precision_by(key)[..., 0]
        assert getattr(found, ranking) == pytest.approx(
            mean_precision(precision), abs=1e-9
        )
    ious = (
        np.array([det[key] for det in expected.detections])
        for key in ('mask_iou', 'true_iou')
    )
    for name, value in iou_statistics(*ious).items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-9)


def test_resamples_are_the_same_for_every_model():
    first, second = (resample_images(20, 5) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(first, resample_images(20, 5, seed=0))
    assert first.shape == (5, 20)
    assert not np.array_equal(first[0], first[1])


def test_interval():
    assert interval(range(1001)) == (25, 975)


def test_interval_leaves_out_what_is_not_defined():
    values = [math.nan, *range(1001), math.nan]
    assert interval(values) == (25, 975)
    assert count_undefined(values) == 2


def test_interval_of_nothing_is_not_defined():
    assert all(map(math.isnan, interval([math.nan])))
    assert all(map(math.isnan, interval([])))


def test_figures_without_an_instance_are_not_defined():
    """The last image has no instance: drawn alone, there is no figure."""
    coco, detections = random_case()
    evaluator = MaskEvaluation(
        coco, detections, coco.getCatIds(), coco.getImgIds()
    )
    (found,) = bootstrap(evaluator, np.full((1, 8), 7))
    known = found.known()
    assert known.keys() >= {*RANKINGS, 'share', 'pearson', 'mae'}
    assert all(map(math.isnan, known.values()))


@pytest.mark.parametrize('seed', range(3))
def test_crowds_and_ignored_detections_count_as_in_pycocotools(seed):
    """Some detections match crowds: neither true nor false positives."""
    coco, detections = random_case(seed)
    evaluator = MaskEvaluation(
        coco, detections, coco.getCatIds(), coco.getImgIds()
    )
    ignored = (~evaluator.ranked_by('score').counted[:, 0]).sum()
    assert (ignored > 0) == (seed > 0)
    (found,) = bootstrap(evaluator, np.arange(8)[None])
    expected = pycocotools_stats(coco, detections, 'score', 'segm')[0]
    assert found.class_score == pytest.approx(expected)


def test_classes_without_ground_truth_in_a_resample_are_left_out(case):
    """Drawn alone, an image lacks classes; AP is the mean over the others."""
    coco, evaluator = case
    image = next(
        i
        for i in coco.getImgIds()
        if 0 < len({a['category_id'] for a in instances(coco, i)}) < 3
    )
    (found,) = bootstrap(evaluator, np.full((1, 8), image - 1))
    cat_ids = sorted({a['category_id'] for a in instances(coco, image)})
    dets = [d for d in evaluator.detections if d['image_id'] == image]
    alone = MaskEvaluation(coco, dets, cat_ids, [image])
    precision = alone.precision_by('score')[..., 0]
    assert found.class_score == pytest.approx(mean_precision(precision))


def instances(coco, img_id) -> list[dict]:
    return coco.loadAnns(coco.getAnnIds(img_id, iscrowd=False))


def test_mask_scores_without_mask_ious():
    coco, detections = random_case()
    for det in detections:
        del det['mask_iou']
    protocol = coco.getCatIds(), coco.getImgIds()
    masks = MaskEvaluation(coco, detections, *protocol)
    (found,) = bootstrap(masks, np.arange(8)[None])
    precision = masks.precision_by('mask_score')[..., 0]
    assert found.mask_score == pytest.approx(mean_precision(precision))
    assert 'share' in found.known()
    assert 'pearson' not in found.known()
