"""Operators of the export: what torch is told about their output."""

import torch
from torch.library import opcheck

from mmdet_msrcnn.export.detector import ops

# Without gradient, and the number of boxes is not known before.
TESTS = ('test_schema', 'test_faketensor')


def boxes(num=30):
    corners = torch.rand(num, 2) * 50
    return torch.cat([corners, corners + 5 + torch.rand(num, 2) * 40], 1)


def test_pad_to_multiple():
    for size in ((31, 65), (32, 64), (1, 1)):
        image = torch.rand(1, 3, *size)
        opcheck(ops.pad_to_multiple, (image, 32, 7.0), test_utils=TESTS)
        padded = ops.pad_to_multiple(image, 32, 7.0)
        height, width = size
        assert torch.equal(padded[..., :height, :width], image)
        assert (padded[..., height:, :] == 7).all()
        assert (padded[..., width:] == 7).all()
        assert not any(
            n % 32 or n - s > 31
            for n, s in zip(padded.shape[2:], size, strict=True)
        )


def test_nms():
    opcheck(ops.nms, (boxes(), torch.rand(30), 0.5, 10), test_utils=TESTS)


def test_soft_nms():
    args = boxes(), torch.rand(30), 0.5, 0.5, 1e-3, 'linear', 10
    opcheck(ops.soft_nms, args, test_utils=TESTS)


def test_roi_align():
    feats = [torch.rand(1, 4, 20, 30), torch.rand(1, 4, 10, 15)]
    levels = torch.arange(30) % 2
    args = feats, boxes(), levels, [0.25, 0.125], [7, 5], 0, True
    opcheck(ops.roi_align, args, test_utils=TESTS)


def test_deform_conv():
    x, weight = torch.rand(1, 4, 9, 8), torch.rand(6, 2, 3, 3)
    how = [2, 2], [1, 1], [1, 1], 2, 2
    offset, mask = torch.rand(1, 36, 5, 4), torch.rand(1, 18, 5, 4)
    for factors, bias in ((None, None), (mask, torch.rand(6))):
        args = x, offset, factors, weight, bias, *how
        opcheck(ops.deform_conv, args, test_utils=TESTS)
