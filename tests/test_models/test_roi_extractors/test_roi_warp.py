"""RoIWarp against RoIAlign, loops over samples and cases by hand."""

import math

import pytest
import torch
from mmcv.ops import RoIAlign
from torch.autograd import gradcheck

from mmdet_msrcnn.models.roi_extractors.roi_pool import RoIPool
from mmdet_msrcnn.models.roi_extractors.roi_warp import RoIWarp

MODES = pytest.mark.parametrize('mode', ['avg', 'max'])


def features(height=9, width=12, channels=2):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, channels, height, width, generator=generator)


@MODES
def test_a_box_of_cells_is_resampled_as_by_hand(mode):
    feat = torch.tensor([[0.0, 4, 0, 0], [8, 2, 0, 0], [0, 0, 0, 0]])
    # 0.4 to 0.6 cells: both ends are rounded, so cells 0 and 1
    rois = torch.tensor([[0, 0.4, 0.4, 0.6, 0.6]])
    own = RoIWarp(2, sampling_ratio=1, pool_mode=mode)(feat[None, None], rois)
    assert own[0, 0].tolist() == [[0, 4], [8, 2]]
    # One bin with two samples per axis, at the centres of the cells.
    one = RoIWarp(1, sampling_ratio=2, pool_mode=mode)(feat[None, None], rois)
    assert one.item() == (8 if mode == 'max' else 3.5)


def sample(feat, y, x):
    """Bilinear value at a point, in cells from the centre of cell 0."""
    height, width = feat.shape
    y, x = max(y, 0), max(x, 0)
    row, column = min(int(y), height - 1), min(int(x), width - 1)
    below, right = min(row + 1, height - 1), min(column + 1, width - 1)
    dy = y - row if below > row else 0
    dx = x - column if right > column else 0
    top = feat[row, column] * (1 - dx) + feat[row, right] * dx
    bottom = feat[below, column] * (1 - dx) + feat[below, right] * dx
    return float(top * (1 - dy) + bottom * dy)


@MODES
@pytest.mark.parametrize('ratio', [0, 2])
def test_equals_loops_over_the_samples(mode, ratio):
    feats = features()
    size, scale = (3, 2), 0.25
    box = (5.0, 3.0, 30.0, 26.0)
    # 1.25, 0.75, 7.5 and 6.5 cells
    x1, y1, x2, y2 = 1, 1, 9, 8
    rois = torch.tensor([[0.0, *box]])
    layer = RoIWarp(size, scale, sampling_ratio=ratio, pool_mode=mode)
    found = layer(feats, rois)[0, 0]
    bin_h, bin_w = (y2 - y1) / size[0], (x2 - x1) / size[1]
    rows, columns = ratio or math.ceil(bin_h), ratio or math.ceil(bin_w)
    for i in range(size[0]):
        for j in range(size[1]):
            values = [
                sample(
                    feats[0, 0],
                    y1 + (i + (a + 0.5) / rows) * bin_h - 0.5,
                    x1 + (j + (b + 0.5) / columns) * bin_w - 0.5,
                )
                for a in range(rows)
                for b in range(columns)
            ]
            join = max if mode == 'max' else lambda v: sum(v) / len(v)
            assert found[i, j].item() == pytest.approx(join(values), abs=1e-5)


@MODES
def test_equals_roi_align_of_the_quantised_box(mode):
    feats, scale = features(), 1 / 16
    rois = torch.tensor([[0, 21.0, 35, 120, 90]])
    # 1.3, 2.2, 7.5 and 5.6 cells
    whole = torch.tensor([[0, 16.0, 32, 144, 112]])
    align = RoIAlign(7, scale, 0, mode)
    found = RoIWarp(7, scale, 0, mode)(feats, rois)
    assert torch.equal(found, align(feats, whole))
    assert not torch.allclose(found, align(feats, rois), atol=1e-2)


def test_samples_of_a_map_of_whole_cells_are_those_of_roi_pool():
    """With one cell in each bin, no layer has anything to interpolate."""
    feats = features(4, 6)
    rois = torch.tensor([[0.0, 0, 0, 5, 3]])
    expected = RoIPool((4, 6))(feats, rois)
    assert torch.equal(expected, feats)
    for mode in ('avg', 'max'):
        found = RoIWarp((4, 6), pool_mode=mode)(feats, rois)
        assert torch.equal(found, feats)


@MODES
def test_gradient(mode):
    rois = torch.tensor([[0.0, 0.7, 1, 4, 5]]).double()
    layer = RoIWarp((2, 3), 1.0, 2, mode)
    inputs = features(6, 7).double().requires_grad_()
    assert gradcheck(lambda x: layer(x, rois), inputs)


@MODES
def test_empty_boxes_are_0_and_have_no_gradient(mode):
    nan, inf = float('nan'), float('inf')
    feats = torch.ones(1, 2, 4, 4, requires_grad=True)
    rois = torch.tensor([[0, nan, 0, 3, 3], [0, 0, 0, inf, 3]])
    pooled = RoIWarp(2, pool_mode=mode)(feats, rois)
    assert not pooled.any()
    pooled.sum().backward()
    assert not feats.grad.any()
    assert RoIWarp(2)(feats, torch.zeros(0, 5)).shape == (0, 2, 2, 2)


def test_an_unknown_mode_is_an_error():
    with pytest.raises(ValueError, match=r"pool_mode must be .*'mean'"):
        RoIWarp(7, pool_mode='mean')
