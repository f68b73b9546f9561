"""Precision and recall against pycocotools, entry by entry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.detections import column
from mmdet_msrcnn.evaluation.overlaps import box_overlaps, mask_overlaps
from mmdet_msrcnn.evaluation.precision import precision_table, recall_table
from mmdet_msrcnn.evaluation.ranking import rank
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    encode,
    make_coco,
    pycocotools_eval,
    random_case,
    rectangle,
)

IOU_THRS = (0.3, 0.5, 0.55, 0.75, 1.0)
# Few different values, so that IoUs and scores are often equal.
SIDES = st.sampled_from([4, 8, 31, 32, 33])
CORNERS = st.sampled_from([0, 1, 4])
BOXES = st.tuples(CORNERS, CORNERS, SIDES, SIDES)
IMAGES, CLASSES = st.integers(1, 2), st.sampled_from([10, 20])
INSTANCES = st.tuples(IMAGES, CLASSES, BOXES, st.sampled_from([0, 0, 1]))
DETECTIONS = st.tuples(
    IMAGES, CLASSES, BOXES, st.sampled_from([0.1, 0.5, 0.9])
)


def detection(image_id, category_id, box, score) -> dict:
    return dict(
        image_id=image_id,
        category_id=category_id,
        bbox=[float(v) for v in box],
        segmentation=encode(rectangle(*box)),
        score=score,
    )


def assert_equals_pycocotools(
    coco, detections, iou_type, max_dets=100, key='score', **params
) -> np.ndarray:
    """Compare every precision, and the recall at three numbers."""
    ids = params.get('catIds', coco.getCatIds())
    images = params.get('imgIds', coco.getImgIds())
    iou_thrs = np.array(params.get('iouThrs', np.linspace(0.5, 0.95, 10)))
    nums = sorted({1, max(1, max_dets // 2), max_dets})
    evaluator = pycocotools_eval(
        coco,
        detections,
        key,
        iou_type,
        nums,
        **dict(params, iouThrs=iou_thrs),
    )
    make = box_overlaps if iou_type == 'bbox' else mask_overlaps
    overlaps = make(coco, detections, ids, images, iou_thrs)
    scores = column(detections, key)
    found = precision_table(rank(overlaps, scores, max_dets))
    expected = evaluator.eval['precision'][..., -1]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    recall = recall_table(overlaps, scores, nums)
    np.testing.assert_allclose(
        recall, evaluator.eval['recall'], rtol=0, atol=1e-9
    )
    return found


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
@given(
    instances=st.lists(INSTANCES, max_size=8),
    found=st.lists(DETECTIONS, min_size=1, max_size=10),
    max_dets=st.integers(1, 4),
)
def test_any_case_equals_pycocotools(iou_type, instances, found, max_dets):
    coco = make_coco(instances, 2, 2)
    detections = [detection(*one) for one in found]
    assert_equals_pycocotools(
        coco, detections, iou_type, max_dets, iouThrs=IOU_THRS
    )


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
@pytest.mark.parametrize('seed', range(3))
def test_random_sets_equal_pycocotools(iou_type, seed):
    coco, detections = random_case(seed, num_images=12)
    found = assert_equals_pycocotools(coco, detections, iou_type)
    assert 0 < found[..., 0].mean() < 1
    # Fewer classes and images, not in order, and named twice.
    params = dict(catIds=[30, 10, 30], imgIds=[7, 2, 3, 2, 11])
    assert_equals_pycocotools(coco, detections, iou_type, 2, **params)
    for key in ('mask_iou', 'mask_score'):
        assert_equals_pycocotools(coco, detections, iou_type, key=key)


@pytest.mark.parametrize('iou_type', ['bbox', 'segm'])
def test_no_instance_and_no_candidate(iou_type):
    far = detection(1, 10, (40, 40, 8, 8), 0.5)
    for instances in (
        [],
        [(1, 10, (0, 0, 8, 8), 0)],
        [(2, 20, (0, 0, 8, 8), 1)],
    ):
        coco = make_coco(instances, 2, 2)
        found = assert_equals_pycocotools(coco, [far], iou_type)
        counted = [box for *_, box, crowd in instances if not crowd]
        # Without instances precision is undefined, else 0.
        assert (found[:, :, 0, 0] == (0 if counted else -1)).all()


def test_no_detection():
    coco = make_coco([(1, 10, (0, 0, 8, 8), 0)], 1, 2)
    overlaps = mask_overlaps(coco, [], [10, 20], [1], COCO_IOU_THRS)
    found = precision_table(rank(overlaps, np.zeros(0), 100))
    assert found.shape == (10, 101, 2, 4)
    assert (found[:, :, 0, :2] == 0).all()
    assert (found[:, :, 1] == -1).all()
    recall = recall_table(overlaps, np.zeros(0), [1, 100])
    assert (recall[:, 0, :2] == 0).all()
    assert (recall[:, 1] == -1).all()


def test_empty_masks_equal_pycocotools():
    coco = make_coco(
        [(1, 10, (5, 5, 8, 8), 0), (1, 10, (0, 0, 0, 0), 0)], 1, 1
    )
    detections = [
        detection(1, 10, (0, 0, 0, 0), 0.9),
        detection(1, 10, (5, 5, 8, 8), 0.5),
    ]
    for iou_type in ('bbox', 'segm'):
        assert_equals_pycocotools(coco, detections, iou_type)


def test_ids_that_are_names_equal_pycocotools():
    coco, detections = random_case(2)
    for one in (*coco.dataset['images'], *coco.dataset['annotations']):
        key = 'image_id' if 'image_id' in one else 'id'
        one[key] = f'image {9 - one[key]}'
    for det in detections:
        det['image_id'] = f'image {9 - det["image_id"]}'
    with silence():
        coco.createIndex()
    assert_equals_pycocotools(coco, detections, 'segm', 3)


def test_a_threshold_of_0_matches_shapes_that_do_not_touch():
    instances = [(1, 10, (0, 0, 8, 8), 0), (1, 10, (20, 20, 8, 8), 0)]
    coco = make_coco(instances, 1, 1)
    detections = [detection(1, 10, (40, 40, 8, 8), s) for s in (0.9, 0.8)]
    found = assert_equals_pycocotools(
        coco, detections, 'segm', iouThrs=[0.0, 0.5]
    )
    assert found[0, :, 0, 0].mean() == pytest.approx(1)


def test_recall_in_the_order_of_the_numbers_of_detections():
    """Hand-worked: the second of two detections is the right one."""
    box = (10, 10, 20, 20)
    coco = make_coco([(1, 10, box, 0)], 1, 1)
    det = dict(image_id=1, category_id=10)
    detections = [
        dict(det, bbox=[40, 40, 5, 5], score=0.9),
        dict(det, bbox=list(box), score=0.1),
    ]
    overlaps = box_overlaps(coco, detections, [10], [1], COCO_IOU_THRS)
    recall = recall_table(
        overlaps, column(detections, 'score'), [100, 1, 2, 1]
    )
    assert recall.shape == (10, 1, 4, 4)
    assert recall[:, 0, 0].tolist() == [[1, 0, 1, 0]] * 10
