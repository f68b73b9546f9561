"""Tables of precision and recall against pycocotools and hand-worked cases."""

import copy

import numpy as np
import pytest
from scipy import stats

from mmdet_msrcnn.evaluation.functional import mean_precision
from mmdet_msrcnn.evaluation.tables import (
    STATISTIC_ITEMS,
    Tables,
    box_precision,
    empty_tables,
    evaluate_detections,
)
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    hand_worked_case,
    make_coco,
    pycocotools_stats,
    random_case,
    true_iou,
)

NUMS = [1, 2, 100]


def evaluate(
    coco, detections, metrics=('bbox', 'segm'), nums=()
) -> tuple[list[Tables], list[dict]]:
    protocol = coco.getCatIds(), coco.getImgIds(), 100, COCO_IOU_THRS
    return evaluate_detections(coco, detections, metrics, protocol, nums)


def without(detections, *names) -> list[dict]:
    return [
        {key: value for key, value in det.items() if key not in names}
        for det in detections
    ]


def test_precision_and_recall_equal_pycocotools():
    coco, detections = random_case()
    (boxes, masks), found = evaluate(coco, detections, nums=NUMS)
    assert boxes.precision.keys() == {'bbox'}
    assert boxes.statistics == {}
    scores = dict(
        segm='mask_score',
        segm_class_score='score',
        segm_oracle='oracle_score',
        segm_starred='starred_score',
    )
    assert masks.precision.keys() == scores.keys()
    for det, own in zip(detections, found, strict=True):
        iou = true_iou(coco, det)
        assert own == dict(
            det,
            true_iou=iou,
            product_score=det['score'] * det['mask_iou'],
            oracle_score=det['score'] * iou,
            starred_score=det['score'] * (iou or det['mask_iou']),
        )
    # table, its name, ranking, kind of shape
    rows = [(boxes, 'bbox', 'score', 'bbox')]
    rows += [(masks, name, key, 'segm') for name, key in scores.items()]
    for tables, name, key, iou_type in rows:
        expected = pycocotools_stats(coco, found, key, iou_type, NUMS)
        precision = tables.precision[name]
        assert precision.shape == (10, 101, 3, 4)
        assert mean_precision(precision[..., 0]) == pytest.approx(expected[0])
        assert [
            mean_precision(precision[..., i]) for i in (1, 2, 3)
        ] == pytest.approx(expected[3:6])
        if name in ('bbox', 'segm'):
            recall = tables.recall[name]
            assert recall.shape == (10, 3, 4, 3)
            assert [
                mean_precision(recall[:, :, 0, i]) for i in range(3)
            ] == pytest.approx(expected[6:9])


def test_statistics_equal_scipy():
    coco, detections = random_case()
    (tables,), _ = evaluate(coco, detections, ['segm'])
    ious = np.array([true_iou(coco, det) for det in detections])
    predicted = np.array([det['mask_iou'] for det in detections])
    true, predicted = ious[ious > 0], predicted[ious > 0]
    found = tables.statistics
    assert tuple(found) == STATISTIC_ITEMS
    assert found['mask_iou_pearson'] == pytest.approx(
        stats.pearsonr(predicted, true).statistic
    )
    assert found['mask_iou_spearman'] == pytest.approx(
        stats.spearmanr(predicted, true).statistic
    )
    assert found['mask_iou_mae'] == pytest.approx(
        np.abs(predicted - true).mean()
    )


def test_share_of_the_gain_worked_by_hand():
    """Ranked by class score the AP is 0.55, by mask score and oracle 1."""
    coco, detections = hand_worked_case()
    (tables,), _ = evaluate(coco, detections, ['segm'])
    assert tables.statistics['mask_score_share'] == pytest.approx(1)
    detections[1]['mask_score'] = 0.1
    (tables,), _ = evaluate(coco, detections, ['segm'])
    assert tables.statistics['mask_score_share'] == pytest.approx(0)
    assert tables.recall == {}


def test_tables_hold_what_the_model_predicts():
    coco, detections = random_case()
    plain = without(detections, 'mask_iou', 'mask_score')
    (tables,), found = evaluate(coco, plain, ['segm'])
    assert tables.precision.keys() == {'segm'}
    assert tables.statistics == {}
    # The class score is then the main ranking.
    expected = pycocotools_stats(coco, detections, 'score', 'segm')[0]
    mean = mean_precision(tables.precision['segm'][..., 0])
    assert mean == pytest.approx(expected)
    assert found[0].keys() == plain[0].keys() | {'true_iou', 'oracle_score'}
    # Boxes alone need no mask and add nothing.
    boxes = without(detections, 'segmentation')
    before = copy.deepcopy(boxes)
    (tables,), found = evaluate(coco, boxes, ['bbox'])
    assert found == before == boxes


@pytest.mark.parametrize(
    'fields', [(), ('mask_score',), ('mask_iou', 'mask_score')]
)
@pytest.mark.parametrize(
    'metrics', [['bbox'], ['segm'], ['boundary', 'segm', 'bbox']]
)
def test_tables_of_no_detection_have_the_names_of_others(metrics, fields):
    coco, detections = random_case()
    left_out = {'mask_iou', 'mask_score'} - set(fields)
    some, _ = evaluate(coco, without(detections, *left_out), metrics, NUMS)
    plural = [f'{field}s' for field in fields]
    none = empty_tables(metrics, ['bboxes', *plural], 10, 3)
    for tables, empty in zip(some, none, strict=True):
        for own, other in zip(tables, empty, strict=True):
            assert list(own) == list(other)
        for name, table in empty.precision.items():
            assert not table.any()
            full = tables.precision[name].shape
            assert (table.shape[0], table.shape[2]) == (full[0], full[2])
        for name, table in empty.recall.items():
            assert table.shape == tables.recall[name].shape
            assert not table.any()
        assert np.isnan(list(empty.statistics.values())).all()


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
    precision = box_precision(coco, detections, [10], [2])
    assert precision.shape == (10, 101, 1, 4)
    found = precision[:, :, 0, 0].mean(1)
    assert found == pytest.approx([1] * 7 + [0] * 3)
    precision = box_precision(coco, detections, [20], [2], 5, [0.5, 0.9])
    assert precision.shape == (2, 101, 1, 4)
    assert precision[..., 0].min() == pytest.approx(1)
    # No instance is medium or large.
    assert (precision[..., 2:] == -1).all()


def test_evaluation_of_boxes_changes_no_argument():
    coco, detections = random_case()
    before = copy.deepcopy((coco.dataset, coco.anns, detections))
    protocol = coco.getCatIds(), coco.getImgIds()
    box_precision(coco, detections, *protocol)
    assert (coco.dataset, coco.anns, detections) == before
