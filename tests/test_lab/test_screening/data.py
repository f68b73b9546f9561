"""Data sets with the test pipeline and ground truth of the original size."""

from pathlib import Path

from mmengine.dataset import BaseDataset

from tests.coco_data import LOAD, build_dataset, write_coco

KEYS = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
PIPELINE = [
    LOAD[0],
    dict(type='Resize', scale_factor=1.0),
    LOAD[1],
    dict(type='PackDetInputs', meta_keys=KEYS),
]
CATEGORIES = (7, 3)


def build(folder: Path, images: list[list[dict]]) -> BaseDataset:
    """Write images with annotations of both categories and load them."""
    dataset = build_dataset(write_coco(folder, images, CATEGORIES))
    dataset.pipeline = type(dataset.pipeline)(PIPELINE)
    return dataset
