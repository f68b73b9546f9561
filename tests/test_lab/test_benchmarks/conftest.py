"""A tiny data set and tiny detectors to time."""

from pathlib import Path

import pytest

from mmdet_msrcnn.lab.benchmarks.scenes import Source
from tests.coco_data import ellipses, polygon_of, write_coco
from tests.helpers import MASK_RCNN, small_config


@pytest.fixture(scope='session')
def source(tmp_path_factory) -> Source:
    """Two images with polygons, and one without instances."""
    folder = tmp_path_factory.mktemp('images')
    images = [
        ellipses(3, form=polygon_of),
        [],
        ellipses(5, seed=1, form=polygon_of),
    ]
    return Source(write_coco(folder, images), folder, 2, scale=(192, 128))


@pytest.fixture(scope='session')
def configs(tmp_path_factory) -> tuple[Path, Path]:
    """An MS R-CNN and its Mask R-CNN twin."""
    folder = tmp_path_factory.mktemp('configs')
    paths = folder / 'ms_rcnn.py', folder / 'mask_rcnn.py'
    for path, cfg in zip(
        paths, (small_config(), small_config(MASK_RCNN)), strict=True
    ):
        cfg.dump(path)
    return paths
