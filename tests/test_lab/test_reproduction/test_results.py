"""Values that are kept of a run."""

import json

import pytest
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.lab.reproduction.results import (
    camouflage_figures,
    class_aps,
    detections_hash,
)
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

DETECTION = dict(
    image_id=1,
    category_id=2,
    bbox=[0.5, 1.0, 8.0, 9.0],
    score=0.75,
    segmentation=dict(size=[4, 5], counts='abc'),
)


def test_scores_of_the_mask_do_not_change_the_hash():
    scored = dict(mask_score=0.1, mask_iou=0.3) | DETECTION
    assert detections_hash([scored]) == detections_hash([DETECTION])


@pytest.mark.parametrize('key', DETECTION)
def test_what_the_detector_predicts_changes_the_hash(key):
    other = dict(DETECTION)
    other[key] = dict(size=[4, 5], counts='abd') if key[:2] == 'se' else 3
    assert detections_hash([other]) != detections_hash([DETECTION])


def test_the_order_changes_the_hash():
    pair = [DETECTION, dict(DETECTION, image_id=3)]
    assert detections_hash(pair) != detections_hash(pair[::-1])


def test_figures_of_foreground_maps_are_those_of_one_ranking():
    logged = {
        'camouflage/mask_score_mae': 0.25,
        'camouflage/class_score_mae': 0.5,
        'coco/segm_mAP': 0.75,
        'time': 0.1,
    }
    assert camouflage_figures(logged, 'mask_score') == dict(mae=0.25)
    assert camouflage_figures(logged, 'class_score') == dict(mae=0.5)
    assert camouflage_figures(dict(time=0.1), 'class_score') == {}


def test_ap_of_the_classes_that_have_instances(tmp_path):
    names = 'apple', 'pear', 'plum'
    squares = [[0, 0, 8, 8], [10, 0, 8, 8], [20, 0, 8, 8]]
    annotations = []
    for i, (category, (x, y, w, h)) in enumerate(
        zip((5, 2, 2), squares, strict=True), 1
    ):
        polygon = [x, y, x + w, y, x + w, y + h, x, y + h]
        annotations.append(
            dict(id=i, image_id=1, category_id=category, iscrowd=0)
            | dict(bbox=[x, y, w, h], area=64, segmentation=[polygon])
        )
    content = dict(
        images=[dict(id=1, file_name='a.png', height=16, width=32)],
        annotations=annotations,
        # Not in the order of the ids; there is no plum.
        categories=[
            dict(id=id_, name=name)
            for id_, name in zip((5, 2, 9), names, strict=True)
        ],
    )
    (tmp_path / 'val.json').write_text(json.dumps(content))
    with silence():
        coco = COCO(str(tmp_path / 'val.json'))
    detections = [
        dict(image_id=1, category_id=ann['category_id'], score=0.9)
        | dict(bbox=ann['bbox'], segmentation=coco.annToRLE(ann))
        for ann in annotations[:2]
    ]
    protocol = dict(
        cat_ids=[5, 2, 9],
        img_ids=[1],
        max_dets=100,
        iou_thrs=COCO_IOU_THRS,
    )
    samples = resample_images(1, 2)
    evaluation = evaluate(coco, detections, protocol, samples)
    # The apple is found, and one of two pears: 51 of 101 points.
    assert class_aps(evaluation, 'class_score') == {
        'apple': pytest.approx(1),
        'pear': pytest.approx(51 / 101),
    }
