"""The instances whose rank changes most."""

import cv2
import numpy as np
import pytest

from mmdet_msrcnn.analysis.rank_gallery import (
    draw_rank_gallery,
    label,
    rank_changes,
)
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from tests.test_evaluation.coco_cases import SIZE, random_case


def test_rank_changes_by_hand():
    detections = [
        dict(score=0.9, mask_score=0.1),
        dict(score=0.8, mask_score=0.7),
        dict(score=0.7, mask_score=0.6),
    ]
    # The first falls from 1 to 3; the others rise by one each.
    assert rank_changes(detections).tolist() == [-2, 1, 1]


def test_label_holds_all_numbers():
    det = dict(score=0.9, mask_iou=0.5, mask_score=0.45, true_iou=0.4)
    assert label(det, -7.0) == (
        '-7 ranks, true IoU 0.40\ncls 0.90 iou 0.50 mask 0.45'
    )


@pytest.fixture
def case(tmp_path):
    coco, detections = random_case()
    protocol = coco.getCatIds(), coco.getImgIds()
    detections = MaskEvaluation(coco, detections, *protocol).detections
    for image in coco.dataset['images']:
        path = str(tmp_path / image['file_name'])
        cv2.imwrite(path, np.full((SIZE, SIZE, 3), 90, np.uint8))
    return coco, detections


# many detections; fewer than were asked for
@pytest.mark.parametrize('num', [12, 1000])
def test_gallery_is_drawn(case, tmp_path, num):
    coco, detections = case
    path = tmp_path / 'out/gallery.png'
    draw_rank_gallery(coco, detections[:30], tmp_path, path, num)
    drawn = cv2.imread(str(path)).reshape(-1, 3)
    # the red of predicted and the green of true outlines
    assert (drawn == (60, 60, 255)).all(1).any()
    assert (drawn == (60, 230, 60)).all(1).any()


def test_missing_image_is_named(case, tmp_path):
    coco, detections = case
    with pytest.raises(FileNotFoundError, match='missing or is not an image'):
        draw_rank_gallery(
            coco, detections, tmp_path / 'nowhere', tmp_path / 'gallery.png'
        )
    assert not (tmp_path / 'gallery.png').exists()
