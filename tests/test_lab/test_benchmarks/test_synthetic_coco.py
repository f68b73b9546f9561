"""A data set made by chance."""

import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.lab.benchmarks.synthetic_coco import (
    HEIGHT,
    NUM_CLASSES,
    WIDTH,
    make_set,
)


def test_numbers_are_those_of_coco():
    content, results = make_set(60)
    assert len(content['images']) == len(results) == 60
    assert len(content['categories']) == NUM_CLASSES == 80
    # COCO val has 7.4 instances per image.
    assert 4 < len(content['annotations']) / 60 < 11
    for gt, pred in results:
        assert gt['img_id'] == pred['img_id']
        for field in ('bboxes', 'scores', 'labels', 'masks', 'mask_scores'):
            assert len(pred[field]) == 100
        assert pred['labels'].max() < NUM_CLASSES
        for field in ('scores', 'mask_ious', 'mask_scores'):
            assert 0 <= pred[field].min() <= pred[field].max() <= 1


def test_boxes_are_those_of_the_masks():
    content, results = make_set(3)
    for ann in content['annotations']:
        (rle,) = mask_utils.frPyObjects(ann['segmentation'], HEIGHT, WIDTH)
        assert ann['area'] == mask_utils.area(rle)
        assert ann['bbox'] == mask_utils.toBbox(rle).tolist()
    for _, pred in results:
        found = np.array([mask_utils.toBbox(rle) for rle in pred['masks']])
        found[:, 2:] += found[:, :2]
        assert pred['bboxes'].tolist() == found.tolist()


def test_a_share_of_the_detections_overlaps_instances():
    content, results = make_set(60)
    true = sum(pred['scores'][:20].mean() for _, pred in results)
    false = sum(pred['scores'][60:].mean() for _, pred in results)
    assert true > 2 * false > 0
    again, _ = make_set(60)
    assert again == content
    other, _ = make_set(60, seed=1)
    assert other != content
