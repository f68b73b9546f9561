"""A small detector and its detections."""

import pytest
from torch import nn

from mmdet_msrcnn.lab.screening.detections import find_detections
from tests.coco_data import ellipses
from tests.helpers import PLUS, build_model, small_config
from tests.test_lab.test_screening.data import CATEGORIES, build


@pytest.fixture(scope='package')
def model():
    model = build_model(small_config(PLUS, num_classes=2)).eval()
    # Masks that are not empty, and so overlap instances.
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, 4)
    return model


@pytest.fixture(scope='package')
def dataset(tmp_path_factory):
    images = [
        ellipses(seed=seed, category_id=CATEGORIES[seed % 2])
        for seed in range(4)
    ]
    return build(tmp_path_factory.mktemp('screening'), images)


@pytest.fixture(scope='package')
def found(model, dataset):
    return find_detections(model, dataset)
