"""Messages for data that cannot be used."""

import json

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmdet.structures.mask import BitmapMasks
from mmengine.registry import init_default_scope

from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from tests.coco_data import (
    HEIGHT,
    WIDTH,
    build_dataset,
    ellipses,
    train_on,
    write_coco,
)


def test_missing_image_is_named(tmp_path):
    path = write_coco(tmp_path, [ellipses()])
    (tmp_path / '0.png').unlink()
    with pytest.raises(FileNotFoundError, match='0.png'):
        build_dataset(path)[0]


def test_truncated_image_is_named(tmp_path):
    path = write_coco(tmp_path, [ellipses()])
    image = tmp_path / '0.png'
    image.write_bytes(image.read_bytes()[:40])
    with pytest.raises(AssertionError, match='failed to load.*0.png'):
        build_dataset(path)[0]


def test_polygon_of_two_points_is_ignored(tmp_path):
    line = dict(ellipses(1)[0], segmentation=[[10.0, 10, 20, 20]])
    dataset = build_dataset(write_coco(tmp_path, [ellipses(2) + [line]]))
    sample = dataset[0]['data_samples']
    assert len(sample.gt_instances) == 2
    assert len(sample.ignored_instances) == 1
    assert train_on(dataset)['mask_iou_samples'] > 0


def test_truncated_annotations_are_an_error(tmp_path):
    path = write_coco(tmp_path, [ellipses()])
    path.write_text(path.read_text()[:200])
    init_default_scope('mmdet')
    with pytest.raises(json.JSONDecodeError):
        DATASETS.build(dict(type='CocoDataset', ann_file=str(path)))


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_boxes_that_are_no_numbers_do_not_train(value):
    masks = np.ones((1, HEIGHT, WIDTH), np.uint8)
    gt = pack_gt_masks(BitmapMasks(masks, HEIGHT, WIDTH), 'cpu')
    boxes = torch.tensor([[0.0, 0, 50, 50], [0.0, 0, value, 50]])
    targets = mask_iou_target(
        torch.ones(2, 28, 28), boxes, torch.tensor([0, 0]), gt
    )
    assert targets[0] > 0
    assert targets[1] == 0
