"""A data set with detections, and how they are evaluated."""

import pytest

from tests.test_evaluation.coco_cases import random_case


@pytest.fixture(scope='package')
def protocol_case():
    coco, detections = random_case()
    protocol = dict(
        cat_ids=coco.getCatIds(),
        img_ids=coco.getImgIds(),
        max_dets=100,
        iou_thrs=[0.5, 0.75],
    )
    return coco, detections, protocol
