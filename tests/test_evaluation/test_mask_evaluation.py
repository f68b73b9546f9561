"""Rankings of one evaluation against pycocotools run once for each."""

import copy

import numpy as np
import pytest
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation import mask_evaluation
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    mean_precision,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    SIZE,
    encode,
    evaluation_of,
    make_coco,
    pycocotools_stats,
    random_case,
    run_lengths,
    true_iou,
)

# Of random_case.
SEEDS_WHERE_CROWDS_DECIDE = (1, 2, 3)


@pytest.mark.parametrize('seed', range(4))
def test_equals_pycocotools_run_once_per_ranking(seed):
    coco, detections = random_case(seed)
    protocol = coco.getCatIds(), coco.getImgIds()
    evaluator = MaskEvaluation(coco, detections, *protocol)
    ranked = [
        det
        | dict(
            product_score=det['score'] * det['mask_iou'],
            oracle_score=det['score'] * true_iou(coco, det),
            starred_score=det['score']
            * (true_iou(coco, det) or det['mask_iou']),
        )
        for det in detections
    ]
    # Not the order of RANKINGS: no ranking may depend on the one before.
    for key in reversed(RANKINGS.values()):
        precision = evaluator.precision_by(key)
        found = summarize_precision(precision, COCO_IOU_THRS)
        expected = pycocotools_stats(coco, ranked, key, 'segm')[:6]
        np.testing.assert_allclose(list(found.values()), expected, rtol=1e-12)
        assert 0 < found['mAP'] < 1


@pytest.mark.parametrize('seed', range(4))
def test_true_iou_is_the_best_of_its_class_and_not_of_a_crowd(seed):
    coco, detections = random_case(seed)
    evaluator = evaluation_of(coco, detections)
    by_crowds = 0
    for det in evaluator.detections:
        iou = true_iou(coco, det)
        assert det['true_iou'] == iou
        assert det['oracle_score'] == det['score'] * iou
        assert det['starred_score'] == det['score'] * (iou or det['mask_iou'])
        by_crowds += true_iou(coco, det, iscrowd=None) > iou
    # Crowds decide in some of the cases.
    assert (by_crowds > 0) == (seed in SEEDS_WHERE_CROWDS_DECIDE)


# The detection with the highest or lowest product, and a factor for its score.
@pytest.mark.parametrize(
    ('pick', 'factor', 'learned'),
    [(max, 1, False), (max, 1.01, True), (min, 2, True)],
)
def test_the_product_ranks_only_if_the_mask_score_is_another(
    pick, factor, learned
):
    coco, detections = random_case()
    for det in detections:
        # As rounded as in half precision.
        det['mask_score'] = det['score'] * det['mask_iou'] * (1 + 5e-4)
    pick(detections, key=lambda det: det['mask_score'])['mask_score'] *= factor
    evaluator = evaluation_of(coco, detections)
    assert ('product' in evaluator.rankings) == learned
    found = {det.get('product_score') for det in evaluator.detections}
    assert (found == {None}) != learned


def test_crowds_count_neither_as_instances_nor_as_errors():
    """Hand-worked: the detection lies on a crowd and on half an instance."""
    instance, crowd = (10, 10, 10, 20), (10, 10, 20, 20)
    coco = make_coco([(1, 10, instance, 0), (1, 10, crowd, 1)], 1, 1)
    _, (template, *_) = random_case()
    det = dict(template, image_id=1, category_id=10, score=0.5)
    det['segmentation'] = coco.dataset['annotations'][1]['segmentation']
    (found,) = evaluation_of(coco, [det]).detections
    assert found['true_iou'] == pytest.approx(0.5)
    assert found['oracle_score'] == pytest.approx(0.25)


@pytest.mark.parametrize('seed', range(2))
def test_arguments_are_not_changed(seed):
    coco, detections = random_case(seed)
    # Uncompressed run lengths, which pycocotools compresses in place.
    rle = coco.dataset['annotations'][0]['segmentation']
    runs = run_lengths(mask_utils.decode(rle))
    coco.dataset['annotations'][0]['segmentation'] = dict(rle, counts=runs)
    before = copy.deepcopy((coco.dataset, coco.anns, coco.imgs, detections))
    evaluator = evaluation_of(coco, detections)
    for key in RANKINGS.values():
        evaluator.precision_by(key)
    evaluator.recall_by('score', [1, 10, 100])
    assert (coco.dataset, coco.anns, coco.imgs, detections) == before


def test_masks_of_another_size_are_named():
    coco, detections = random_case()
    det = next(d for d in detections if d['image_id'] == 2)
    det['segmentation'] = encode(np.ones((SIZE // 2, SIZE)))
    message = r"'2.png' \(id 2\) have .*\(32, 64\).* truth \[\(64, 64\)\]"
    with pytest.raises(ValueError, match=message):
        evaluation_of(coco, detections)


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
        evaluator = MaskEvaluation(coco, detections, [10], [1], max_dets)
        values = summarize_precision(
            evaluator.precision_by('score'), COCO_IOU_THRS
        )
        assert all((values[k] > 0) == found for k in ('mAP', 'mAP_50'))


def test_recall_equals_pycocotools():
    coco, detections = random_case()
    recall = evaluation_of(coco, detections).recall_by(
        'mask_score', [1, 2, 100]
    )
    expected = pycocotools_stats(
        coco, detections, 'mask_score', 'segm', [1, 2, 100]
    )[6:]
    found = [mean_precision(recall[:, :, 0, i]) for i in range(3)]
    found += [mean_precision(recall[:, :, i, 2]) for i in range(1, 4)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_ranking_is_matched_once_until_its_scores_change(monkeypatch):
    evaluation = evaluation_of(*random_case())
    calls = []
    original = mask_evaluation.rank
    monkeypatch.setattr(
        mask_evaluation,
        'rank',
        lambda *args: calls.append(args) or original(*args),
    )
    first = evaluation.precision_by('score')
    assert evaluation.ranked_by('score') is evaluation.ranked_by('score')
    assert len(calls) == 1
    for det in evaluation.detections:
        det['score'] = 1 - det['score']
    assert not np.array_equal(evaluation.precision_by('score'), first)
    assert len(calls) == 2


def test_detections_outside_the_protocol_are_kept_and_do_not_count():
    coco, detections = random_case()
    evaluation = MaskEvaluation(coco, detections, [20, 10], [5, 1, 3])
    assert (evaluation.cat_ids, evaluation.img_ids) == ([10, 20], [1, 3, 5])
    assert len(evaluation.detections) == len(detections)
    for det in evaluation.detections:
        counts = det['category_id'] < 30 and det['image_id'] in (1, 3, 5)
        assert det['true_iou'] == (true_iou(coco, det) if counts else 0)


def test_detections_of_unknown_images_are_named():
    coco, detections = random_case()
    detections[4]['image_id'] = 99
    with pytest.raises(ValueError, match='image 99, which the annotations'):
        evaluation_of(coco, detections)
