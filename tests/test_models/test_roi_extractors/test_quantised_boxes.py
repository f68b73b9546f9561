"""Boxes are rounded to cells as in Fast R-CNN."""

import torch

from mmdet_msrcnn.models.roi_extractors.quantised_boxes import (
    quantise_boxes,
    round_half_away,
)


def test_halves_are_rounded_away_from_zero():
    values = torch.tensor([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6, 0.49999997])
    expected = [1.0, 2.0, 3.0, -1.0, -2.0, 2.0, -3.0, 0.0]
    assert round_half_away(values).tolist() == expected


def test_both_ends_are_rounded_and_the_far_cell_belongs_to_the_box():
    boxes = torch.tensor(
        [
            # 0.5 to 3.4375 cells, and 1.4375 to 2.5
            [8.0, 23.0, 55.0, 40.0],
            # malformed: the far end lies before the near one
            [64.0, 64.0, 16.0, 16.0],
        ]
    )
    found, valid = quantise_boxes(boxes, 1 / 16, 20, 30)
    assert found.tolist() == [[1, 1, 4, 4], [4, 4, 5, 5]]
    assert valid.all()


def test_boxes_with_nan_or_infinity_are_marked():
    nan, inf = float('nan'), float('inf')
    boxes = torch.tensor([[nan, 0, 9, 9], [0, 0, inf, 9], [0, 0, 9, 9.0]])
    found, valid = quantise_boxes(boxes, 1.0, 20, 30)
    assert valid.tolist() == [False, False, True]
    assert found.tolist() == [[0, 0, 1, 1]] * 2 + [[0, 0, 10, 10]]


def test_huge_boxes_are_cut_one_map_size_outside():
    boxes = torch.tensor([[-1e9, -1e9, 1e9, 1e9]])
    found, _ = quantise_boxes(boxes, 1.0, 20, 30)
    assert found.tolist() == [[-30, -20, 61, 41]]
