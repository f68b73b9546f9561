"""RoIPool against cases by hand and against loops over cells."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from mmdet_msrcnn.models.roi_extractors.roi_pool import RoIPool, roi_pool

# The feature map of the talk on Mask R-CNN, and what it pools from it.
TALK = torch.tensor(
    [
        [0.88, 0.44, 0.14, 0.16, 0.37, 0.77, 0.96, 0.27],
        [0.19, 0.45, 0.57, 0.16, 0.63, 0.29, 0.71, 0.70],
        [0.66, 0.26, 0.82, 0.64, 0.54, 0.73, 0.59, 0.26],
        [0.85, 0.34, 0.76, 0.84, 0.29, 0.75, 0.62, 0.25],
        [0.32, 0.74, 0.21, 0.39, 0.34, 0.03, 0.33, 0.48],
        [0.20, 0.14, 0.16, 0.13, 0.73, 0.65, 0.96, 0.32],
        [0.19, 0.69, 0.09, 0.86, 0.88, 0.07, 0.01, 0.48],
        [0.83, 0.24, 0.97, 0.04, 0.24, 0.35, 0.50, 0.91],
    ]
)
POOLED = [[0.85, 0.84], [0.97, 0.96]]


def pool(feat, box, size=(2, 2), scale=1.0):
    rois = torch.tensor([[0.0, *box]], dtype=feat.dtype)
    return roi_pool(feat[None, None], rois, size, scale)[0, 0]


def loops(feat, box, size, scale):
    """Fast R-CNN's layer, cell by cell."""

    def rounded(value):
        return int(math.copysign(math.floor(abs(value) + 0.5), value))

    x1, y1, x2, y2 = (rounded(v * scale) for v in box)
    width, height = max(x2 - x1 + 1, 1), max(y2 - y1 + 1, 1)
    pooled = torch.zeros(size)
    for i in range(size[0]):
        for j in range(size[1]):
            # In whole numbers, so without rounding.
            rows = range(
                y1 + i * height // size[0],
                y1 - (-(i + 1) * height // size[0]),
            )
            columns = range(
                x1 + j * width // size[1],
                x1 - (-(j + 1) * width // size[1]),
            )
            cells = [
                float(feat[row, column])
                for row in rows
                for column in columns
                if 0 <= row < len(feat) and 0 <= column < len(feat[0])
            ]
            pooled[i, j] = max(cells, default=0.0)
    return pooled


def test_regions_of_the_talk():
    """These two alone: bins share a row or a column if it does not divide.

    From row 3, as often drawn, the bin at the top right holds the 0.96 of
    row 5.
    """
    boxes = [
        (x1, y1, x2, y2)
        for y1 in range(8)
        for x1 in range(8)
        for y2 in range(y1, 8)
        for x2 in range(x1, 8)
    ]
    expected = torch.tensor(POOLED)
    found = [box for box in boxes if torch.equal(pool(TALK, box), expected)]
    assert found == [(0, 1, 6, 7), (0, 2, 6, 7)]
    from_row_3 = pool(TALK, (0, 3, 6, 7)).tolist()
    assert from_row_3 == torch.tensor([[0.85, 0.96], [0.97, 0.96]]).tolist()


@pytest.mark.parametrize('size', [(2, 2), (3, 2), (7, 7)])
@pytest.mark.parametrize('scale', [1.0, 0.25])
def test_equals_loops_over_the_cells(size, scale):
    generator = torch.Generator().manual_seed(0)
    feat = torch.randn(9, 12, generator=generator)
    corners = torch.rand(60, 4, generator=generator) * 16 / scale - 2 / scale
    # also halves, and malformed boxes
    corners[:20] = corners[:20].round() + 0.5
    for box in corners.tolist():
        found = pool(feat, box, size, scale)
        assert torch.equal(found, loops(feat, box, size, scale)), box


def test_images_and_channels_are_kept_apart():
    feats = torch.arange(2 * 3 * 4 * 4).float().view(2, 3, 4, 4)
    rois = torch.tensor([[1.0, 0, 0, 3, 3], [0, 0, 0, 1, 1]])
    found = RoIPool(1)(feats, rois)
    assert found.shape == (2, 3, 1, 1)
    assert found[0, :, 0, 0].tolist() == [63, 79, 95]
    assert found[1, :, 0, 0].tolist() == [5, 21, 37]


def test_gradient():
    generator = torch.Generator().manual_seed(0)
    feats = torch.randn(2, 2, 6, 7, dtype=torch.double, generator=generator)
    rois = torch.tensor([[0.0, 0, 1, 4, 5], [1, -2, 2, 9, 3]]).double()
    inputs = feats.requires_grad_()
    assert gradcheck(lambda x: roi_pool(x, rois, (2, 3), 1.0), inputs)


def test_empty_boxes_are_0_and_have_no_gradient():
    nan, inf = float('nan'), float('inf')
    feats = torch.ones(1, 2, 4, 4, requires_grad=True)
    rois = torch.tensor(
        [
            [0, nan, 0, 3, 3],
            [0, 0, 0, inf, 3],
            [0, -20, -20, -10, -10],
            [0, 1e9, 1e9, 2e9, 2e9],
        ]
    )
    pooled = roi_pool(feats, rois, (2, 2), 1.0)
    assert not pooled.any()
    pooled.sum().backward()
    assert not feats.grad.any()


def test_no_boxes():
    feats = torch.ones(1, 2, 4, 4, requires_grad=True)
    pooled = RoIPool((3, 2))(feats, torch.zeros(0, 5))
    assert pooled.shape == (0, 2, 3, 2)
    pooled.sum().backward()
    assert not feats.grad.any()
