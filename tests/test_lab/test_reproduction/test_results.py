"""Values that are read from a training."""

import json

import pytest

from mmdet_msrcnn.lab.reproduction.results import (
    camouflage_figures,
    detections_hash,
    training_log,
)

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


def test_last_line_of_each_epoch_and_no_part_of_one(tmp_path):
    for i, epochs in enumerate(((1, 1, 2), (2, 3))):
        path = tmp_path / f'{i}/vis_data/scalars.json'
        path.parent.mkdir(parents=True)
        lines = [
            json.dumps(dict(epoch=epoch, loss=10 * i + j))
            for j, epoch in enumerate(epochs)
        ]
        # What a full disk leaves of the next line, and an evaluation.
        lines += ['{"loss": 0.9, "ep', json.dumps(dict(mAP=0.5, step=1))]
        path.write_text('\n'.join(lines))
    log = training_log(tmp_path)
    assert {epoch: values['loss'] for epoch, values in log.items()} == {
        1: 1,
        2: 10,
        3: 11,
    }
