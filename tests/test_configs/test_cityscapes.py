"""Cityscapes: mmdet's data set and metric with the configs of this package."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmdet.datasets import CityscapesDataset
from mmdet.registry import DATASETS, METRICS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pycocotools import mask as coco_mask

from mmdet_msrcnn.evaluation import CityScapesMetric, MaskScoringMetric
from tests.config_family import FOLDER

CLASSES = CityscapesDataset.METAINFO['classes']
# as Cityscapes numbers them
IDS = (24, 25, 26, 27, 28, 31, 32, 33)
CONFIG = FOLDER / 'ms_rcnn/ms-rcnn_r50_fpn_18e_cityscapes.py'


@pytest.fixture
def data(tmp_path) -> Config:
    """The config on one image with one car, as mmdet's converter writes it."""
    mask = np.zeros((64, 128), np.uint8)
    mask[10:50, 20:100] = 1
    rle = coco_mask.encode(np.asfortranarray(mask))
    car = dict(
        id=1,
        image_id=1,
        category_id=26,
        bbox=coco_mask.toBbox(rle).tolist(),
        area=int(mask.sum()),
        iscrowd=0,
        segmentation=dict(rle, counts=rle['counts'].decode()),
    )
    content = dict(
        images=[dict(id=1, file_name='a.png', height=64, width=128)],
        annotations=[car],
        categories=[
            dict(id=id_, name=name)
            for id_, name in zip(IDS, CLASSES, strict=True)
        ],
    )
    ann_file = tmp_path / 'instances.json'
    ann_file.write_text(json.dumps(content))
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((64, 128, 3), np.uint8))
    cfg = Config.fromfile(CONFIG)
    train_set = cfg.train_dataloader.dataset.dataset
    for dataset in (train_set, cfg.val_dataloader.dataset):
        dataset.update(
            data_root=str(tmp_path),
            ann_file='instances.json',
            data_prefix=dict(img=''),
        )
    cfg.val_evaluator[0].ann_file = str(ann_file)
    init_default_scope('mmdet')
    return cfg


def test_masks_in_rle_are_read(data):
    assert data.train_dataloader.dataset.type == 'RepeatDataset'
    dataset = DATASETS.build(data.train_dataloader.dataset)
    assert len(dataset) == 4
    gt = dataset[0]['data_samples'].gt_instances
    share = gt.masks.areas.sum() / (gt.masks.height * gt.masks.width)
    assert len(gt) == 1
    assert abs(share - 40 * 80 / (64 * 128)) < 0.02


def test_detections_are_evaluated(data):
    dataset = DATASETS.build(data.val_dataloader.dataset)
    sample = dataset[0]['data_samples']
    assert sample.img_shape == (1024, 2048)
    metric = METRICS.build(data.val_evaluator[0])
    assert type(metric) is MaskScoringMetric
    metric.dataset_meta = dataset.metainfo
    mask = torch.zeros(2, 64, 128, dtype=torch.bool)
    mask[0, 10:50, 20:100] = True
    mask[1, :20] = True
    pred = dict(
        bboxes=torch.tensor([[20.0, 10, 100, 50], [0, 0, 128, 20]]),
        labels=torch.tensor([2, 2]),
        masks=mask,
        # The class score prefers the wrong one, the mask score the right.
        scores=torch.tensor([0.5, 0.6]),
        mask_ious=torch.tensor([0.9, 0.1]),
        mask_scores=torch.tensor([0.45, 0.06]),
    )
    sample = dict(sample.to_dict(), pred_instances=pred)
    metric.process({}, [sample])
    metrics = metric.evaluate(1)
    assert metrics['coco/segm_mAP'] == pytest.approx(1)
    assert metrics['coco/segm_class_score_mAP'] == pytest.approx(0.5)


def test_the_second_metric_is_that_of_cityscapes(data):
    cfg = data.val_evaluator[1]
    assert METRICS.get(cfg.type) is CityScapesMetric
