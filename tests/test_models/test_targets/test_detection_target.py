"""What the mask score is trained for, against pycocotools."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.models.targets.detection_target import (
    COCO_IOU_THRS,
    assign_instances,
    detection_targets,
    in_ignored_region,
    outranked_by,
    rank_features,
    reached_thresholds,
    true_positive_rates,
)

# Two instances far apart: no detection overlaps both.
GT_BOXES = torch.tensor([[0.0, 0, 100, 100], [200, 0, 300, 100]])
GT_LABELS = torch.tensor([0, 0])
detection = st.tuples(st.integers(0, 1), st.integers(0, 80), st.integers(1, 9))


def coco_rates(boxes: torch.Tensor, scores: torch.Tensor) -> np.ndarray:
    """Share of pycocotools' thresholds at which each box is matched."""
    coco = COCO()

    def annotation(id_: int, box: torch.Tensor, **extra) -> dict:
        x1, y1, x2, y2 = box.tolist()
        bbox = [x1, y1, x2 - x1, y2 - y1]
        one = dict(id=id_, image_id=1, category_id=1, bbox=bbox, iscrowd=0)
        return dict(one, area=bbox[2] * bbox[3], **extra)

    coco.dataset = dict(
        images=[dict(id=1, width=400, height=200)],
        categories=[dict(id=1)],
        annotations=[annotation(i + 1, b) for i, b in enumerate(GT_BOXES)],
    )
    detections = [
        annotation(i + 1, box, score=score)
        for i, (box, score) in enumerate(
            zip(boxes, scores.tolist(), strict=True)
        )
    ]
    with silence():
        coco.createIndex()
        coco_eval = COCOeval(coco, coco.loadRes(detections), 'bbox')
        coco_eval.params.areaRng = coco_eval.params.areaRng[:1]
        coco_eval.evaluate()
    (result,) = coco_eval.evalImgs
    matched = dict(
        zip(result['dtIds'], (result['dtMatches'] > 0).mean(0), strict=True)
    )
    return np.array([matched[i + 1] for i in range(len(boxes))])


@settings(max_examples=60)
@given(st.lists(detection, min_size=1, max_size=8))
def test_rates_are_those_of_pycocotools(drawn):
    which, shift, tenths = map(torch.tensor, zip(*drawn, strict=True))
    boxes = GT_BOXES[which].clone()
    boxes[:, 1] += shift
    scores = tenths / 10
    overlap = (100 - shift) / 100
    rates = true_positive_rates(overlap, which, scores)
    np.testing.assert_allclose(rates, coco_rates(boxes, scores), atol=1e-6)


def test_a_duplicate_counts_where_the_better_one_fails():
    # The first is right up to .6, the second, of less score, up to .8.
    rates = true_positive_rates(
        torch.tensor([0.62, 0.81, 0.9]),
        torch.tensor([0, 0, 1]),
        torch.tensor([0.9, 0.5, 0.1]),
    )
    torch.testing.assert_close(rates, torch.tensor([0.3, 0.4, 0.9]))


def test_thresholds_are_those_of_pycocotools():
    expected = COCOeval(iouType='bbox').params.iouThrs
    np.testing.assert_allclose(COCO_IOU_THRS, expected)


def test_of_equal_scores_the_first_comes_first():
    before = outranked_by(torch.tensor([0.5, 0.5, 0.7]))
    expected = torch.tensor(
        [[False, False, True], [True, False, True], [False, False, False]]
    )
    assert torch.equal(before, expected)


def test_features_of_a_duplicate():
    boxes = torch.tensor(
        [[0.0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 10], [50, 50, 60, 60]]
    )
    scores = torch.tensor([0.5, 0.25, 1.0, 0.75])
    features = rank_features(boxes, scores, torch.tensor([0, 0, 1, 0]))
    # Only the second has a better one of its class upon it.
    torch.testing.assert_close(
        features[:, 1], torch.tensor([0.0, 0.5, 0.0, 0.0])
    )
    torch.testing.assert_close(
        features[:2, 0], torch.tensor([0.0, np.log(1 / 3)], dtype=torch.float)
    )
    assert features.isfinite().all()


def test_class_scores_of_zero_and_one_are_clamped():
    logits = rank_features(
        torch.rand(2, 4), torch.tensor([0.0, 1.0]), torch.tensor([0, 1])
    )[:, 0]
    expected = [np.log(1e-6), np.log(0.999 / 0.001)]
    assert logits.tolist() == pytest.approx(expected, abs=1e-3)


def test_thresholds_are_reached_where_the_iou_equals_them():
    reached = reached_thresholds(torch.tensor(COCO_IOU_THRS))
    assert torch.equal(reached, torch.ones(10, 10).tril().bool())


def test_the_order_of_detections_does_not_matter():
    generator = torch.Generator().manual_seed(0)
    boxes = torch.rand(20, 4, generator=generator) * 50
    boxes[:, 2:] += boxes[:, :2] + 20
    scores = torch.rand(20, generator=generator)
    labels = torch.randint(2, (20,), generator=generator)
    order = torch.randperm(20, generator=generator)
    features = rank_features(boxes, scores, labels)
    assert features[:, 1].max() > 0.3
    assert torch.equal(
        rank_features(boxes[order], scores[order], labels[order]),
        features[order],
    )


def test_instances_of_other_classes_are_not_assigned():
    boxes = torch.tensor(
        [[0.0, 0, 90, 100], [210, 0, 300, 100], [0, 150, 9, 160]]
    )
    labels = torch.tensor([0, 1, 0])
    found = assign_instances(boxes, labels, GT_BOXES, GT_LABELS)
    assert found.tolist() == [0, -1, -1]


@pytest.mark.parametrize('num', [0, 3])
def test_nothing_is_assigned_where_there_is_nothing(num):
    boxes, labels = torch.rand(num, 4), torch.zeros(num, dtype=torch.long)
    found = assign_instances(boxes, labels, boxes[:0], labels[:0])
    assert found.tolist() == [-1] * num
    assert rank_features(boxes[:0], boxes[:0, 0], labels[:0]).shape == (0, 2)
    assert (
        len(true_positive_rates(boxes[:0, 0], labels[:0], boxes[:0, 0])) == 0
    )
    assert not in_ignored_region(boxes, labels, boxes[:0], labels[:0]).any()


def test_detections_in_ignored_regions():
    boxes = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [6, 0, 16, 10]])
    labels, regions = (
        torch.tensor([0, 0, 0]),
        boxes.new_tensor([[0.0, 0, 10, 100], [0, 0, 100, 100]]),
    )
    # The second holds another class.
    found = in_ignored_region(boxes, labels, regions, torch.tensor([0, 1]))
    assert found.tolist() == [True, True, False]
    # Without classes both do not train where they lie in it by half.
    found = in_ignored_region(boxes, labels + 7, regions[:1], None)
    assert found.tolist() == [True, True, False]


def test_part_of_a_box_from_which_it_is_ignored():
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 10.1]])
    regions, labels = torch.tensor([[0.0, 0, 10, 5]]), torch.zeros(2)
    found = in_ignored_region(boxes, labels, regions, None)
    assert found.tolist() == [True, False]


def test_a_poor_true_positive_in_an_ignored_region_is_used():
    """It counts at three thresholds: the region does not hold it."""
    box = torch.tensor([[0.0, 0, 28, 28]])
    label = torch.tensor([0])
    probs = torch.zeros(1, 28, 28)
    probs[:, :, :17] = 1
    masks = BitmapMasks(np.ones((1, 28, 28), np.uint8), 28, 28)
    dets = InstanceData(bboxes=box, scores=torch.tensor([0.9]), labels=label)
    gt = InstanceData(bboxes=box, labels=label, masks=masks)
    region = InstanceData(bboxes=box)
    ious, rates, used = detection_targets(probs, dets, gt, region, 0.5)
    assert ious.item() == pytest.approx(17 / 28)
    assert rates.item() == pytest.approx(0.3)
    assert used.item()
    probs[:] = 0
    _, rates, used = detection_targets(probs, dets, gt, region, 0.5)
    assert (rates.item(), used.item()) == (0, False)
