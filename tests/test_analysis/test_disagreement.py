"""Detections that the two scores order differently."""

import cv2
import pytest

from mmdet_msrcnn.analysis.disagreement import choose_pair, draw_pair
from tests.test_analysis.test_rank_gallery import case  # noqa: F401


def det(image_id, category_id, score, mask_score, true_iou):
    return dict(
        image_id=image_id,
        category_id=category_id,
        score=score,
        mask_score=mask_score,
        true_iou=true_iou,
    )


RIGHT = det(1, 1, 0.9, 0.5, 0.4), det(1, 1, 0.8, 0.7, 0.8)
BETTER = det(2, 1, 0.9, 0.5, 0.3), det(2, 1, 0.8, 0.7, 0.9)


def test_the_largest_difference_is_chosen():
    assert choose_pair([*RIGHT, *BETTER[::-1]]) == BETTER
    assert choose_pair([*RIGHT]) == RIGHT


@pytest.mark.parametrize(
    'other',
    [
        # The scores agree.
        det(1, 1, 0.8, 0.4, 0.8),
        # The mask score is wrong.
        det(1, 1, 0.8, 0.7, 0.3),
        # Another image, another class, an unlikely object, no object
        det(2, 1, 0.8, 0.7, 0.8),
        det(1, 2, 0.8, 0.7, 0.8),
        det(1, 1, 0.4, 0.7, 0.8),
        det(1, 1, 0.95, 0.4, 0.2),
    ],
)
def test_other_pairs_are_not_chosen(other):
    with pytest.raises(ValueError, match='do not disagree'):
        choose_pair([RIGHT[0], other])


def test_both_are_drawn(case, tmp_path):  # noqa: F811
    coco, detections = case
    first, *_, second = (d for d in detections if d['true_iou'] > 0)
    path = tmp_path / 'pair.jpg'
    draw_pair(coco, (first, second), tmp_path, path)
    drawn = cv2.imread(str(path))
    assert drawn.shape == (430, 800, 3)
    for half in (drawn[:, :400], drawn[:, 400:]):
        blue, green, red = half.reshape(-1, 3).astype(int).T
        assert ((red > 150) & (green < 110) & (blue < 110)).any()
        assert ((green > 150) & (red < 110) & (blue < 110)).any()
