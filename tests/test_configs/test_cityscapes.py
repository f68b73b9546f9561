"""Cityscapes: mmdet's data set and metric with the configs of this package."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import torch
from mmdet.evaluation.metrics import cityscapes_metric
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pycocotools import mask as coco_mask

from tests.config_family import FOLDER

CONFIG = FOLDER / 'ms_rcnn/ms-rcnn_r50_fpn_18e_cityscapes.py'


def write_rle_data(folder) -> None:
    """One image with one car, as mmdet's converter writes it."""
    mask = np.zeros((64, 128), np.uint8)
    mask[10:50, 20:100] = 1
    rle = coco_mask.encode(np.asfortranarray(mask))
    box = coco_mask.toBbox(rle).tolist()
    rle['counts'] = rle['counts'].decode()
    image = dict(id=1, file_name='a.png', height=64, width=128)
    car = dict(
        id=1,
        image_id=1,
        category_id=26,
        bbox=box,
        area=int(mask.sum()),
        iscrowd=0,
        segmentation=rle,
    )
    content = dict(
        images=[image],
        annotations=[car],
        categories=[dict(id=26, name='car')],
    )
    (folder / 'train.json').write_text(json.dumps(content))
    cv2.imwrite(str(folder / 'a.png'), np.zeros((64, 128, 3), np.uint8))


def test_masks_in_rle_are_read(tmp_path):
    write_rle_data(tmp_path)
    cfg = Config.fromfile(CONFIG).train_dataloader.dataset
    assert cfg.type == 'RepeatDataset'
    cfg.dataset.update(
        data_root=str(tmp_path),
        ann_file='train.json',
        data_prefix=dict(img=''),
    )
    init_default_scope('mmdet')
    dataset = DATASETS.build(cfg)
    assert len(dataset) == 4
    gt = dataset[0]['data_samples'].gt_instances
    height, width = gt.masks.height, gt.masks.width
    share = gt.masks.areas.sum() / (height * width)
    assert len(gt) == 1
    assert abs(share - 40 * 80 / (64 * 128)) < 0.02


def test_the_mask_score_ranks(tmp_path, monkeypatch):
    # cityscapesscripts is not needed to write results, but for two lookups.
    labels = SimpleNamespace(name2label={'car': SimpleNamespace(id=26)})
    monkeypatch.setattr(cityscapes_metric, 'HAS_CITYSCAPESAPI', True)
    monkeypatch.setattr(cityscapes_metric, 'CSLabels', labels, raising=False)
    evaluator = Config.fromfile(CONFIG).val_evaluator[1]
    assert evaluator.type == 'CityScapesMetric'
    metric = cityscapes_metric.CityScapesMetric(
        outfile_prefix=str(tmp_path), format_only=True
    )
    metric.dataset_meta = dict(classes=('car',))
    pred = dict(
        labels=torch.zeros(2, dtype=torch.long),
        masks=torch.ones(2, 8, 8, dtype=torch.bool),
        scores=torch.tensor([0.9, 0.8]),
        mask_ious=torch.tensor([0.5, 0.75]),
        mask_scores=torch.tensor([0.45, 0.6]),
    )
    path = 'leftImg8bit/val/frankfurt_leftImg8bit.png'
    metric.process({}, [dict(pred_instances=pred, img_path=path)])
    (result,) = tmp_path.rglob('*_pred.txt')
    lines = result.read_text().splitlines()
    written = [float(line.split()[2]) for line in lines]
    torch.testing.assert_close(torch.tensor(written), pred['mask_scores'])
