"""Detections and instances of a protocol, in their order."""

import numpy as np
import pytest
from pycocotools.cocoeval import Params

from mmdet_msrcnn.evaluation.overlaps import (
    AREA_RANGES,
    box_overlaps,
    cap,
    mask_overlaps,
)
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from tests.test_evaluation.coco_cases import (
    encode,
    make_coco,
    random_case,
    rectangle,
)


def test_constants_are_those_of_pycocotools():
    params = Params(iouType='segm')
    assert AREA_RANGES.tolist() == params.areaRng
    assert cap(np.array([0.5, 1])).tolist() == [0.5, 1 - 1e-10]


@pytest.mark.parametrize('make', [box_overlaps, mask_overlaps])
def test_rows_are_sorted_by_class_image_and_input(make):
    coco, detections = random_case()
    found = make(coco, detections, [30, 10], [4, 1, 2], COCO_IOU_THRS)
    assert (found.cat_ids, found.img_ids) == ([10, 30], [1, 2, 4])
    expected = [
        i
        for cat_id in (10, 30)
        for img_id in (1, 2, 4)
        for i, det in enumerate(detections)
        if (det['category_id'], det['image_id']) == (cat_id, img_id)
    ]
    assert found.source.tolist() == expected
    for i, cat, image in zip(
        found.source, found.classes, found.images, strict=True
    ):
        assert detections[i]['category_id'] == found.cat_ids[cat]
        assert detections[i]['image_id'] == found.img_ids[image]
    kept = [
        ann
        for ann in coco.dataset['annotations']
        if ann['category_id'] in (10, 30) and ann['image_id'] in (1, 2, 4)
    ]
    assert len(found.crowds) == len(kept)
    assert found.crowds.sum() == sum(ann['iscrowd'] for ann in kept)


def test_areas_at_the_ends_of_a_range_belong_to_both():
    boxes = [(0, 0, 32, 32), (0, 0, 31, 33), (0, 0, 33, 32)]
    coco = make_coco([(1, 10, box, 0) for box in boxes], 1, 1)
    coco.dataset['annotations'][2]['iscrowd'] = 1
    detections = [
        dict(
            image_id=1,
            category_id=10,
            bbox=list(box),
            segmentation=encode(rectangle(*box)),
        )
        for box in boxes
    ]
    expected = [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 1, 0]]
    for make in (box_overlaps, mask_overlaps):
        found = make(coco, detections, [10], [1], [0.5])
        assert found.in_range.astype(int).tolist() == expected
        ignored = found.ignored.astype(int)
        # A crowd is always ignored.
        assert ignored.tolist() == [[0, 0, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]


def test_the_area_of_an_instance_is_the_annotated_one():
    coco = make_coco([(1, 10, (0, 0, 8, 8), 0)], 1, 1)
    coco.dataset['annotations'][0]['area'] = 40**2
    det = dict(image_id=1, category_id=10, bbox=[0, 0, 8, 8])
    found = box_overlaps(coco, [det], [10], [1], [0.5])
    assert found.ignored.tolist() == [[False, True, False, True]]
    assert found.in_range.tolist() == [[True, True, False, False]]


def test_ids_of_two_kinds_are_refused_as_in_pycocotools():
    coco, detections = random_case()
    with pytest.raises(TypeError, match="'<' not supported between"):
        box_overlaps(coco, detections, [10], [1, 'b'], COCO_IOU_THRS)


@pytest.mark.parametrize('area', [None, '100', ...])
def test_area_that_is_no_number_is_named(area):
    coco = make_coco([(1, 10, (0, 0, 9, 9), 0)], 1, 1)
    (ann,) = coco.dataset['annotations']
    ann['area'] = area
    if area is ...:
        del ann['area']
        area = None
    message = (
        r"The area of annotation 1 of image '1.png' \(id 1\) must be a "
        f'number, got {area!r}. Check the file'
    )
    with pytest.raises(ValueError, match=message):
        box_overlaps(coco, [], [10], [1], COCO_IOU_THRS)


def test_area_of_nan_is_in_every_range_as_in_pycocotools():
    coco = make_coco([(1, 10, (0, 0, 9, 9), 0)], 1, 1)
    coco.dataset['annotations'][0]['area'] = float('nan')
    found = box_overlaps(coco, [], [10], [1], COCO_IOU_THRS)
    assert not found.ignored.any()
