"""Layers that two heads share, in the MaskIoU head."""

import pytest
import torch

from mmdet_msrcnn.models import MaskIoUHead, MaskIoULoss
from mmdet_msrcnn.models.mask_heads.mask_fusion import FUSIONS

SMALL = dict(in_channels=8, conv_out_channels=8, fc_out_channels=16)


LABELS = torch.tensor([2, 0, 1, 0, 1, 2])


@pytest.mark.parametrize('fusion', FUSIONS)
def test_channels_come_last_on_a_cpu(fusion):
    size = 28 if fusion == 'hr_roi' else 14
    head = MaskIoUHead(
        **SMALL, num_classes=3, fusion=fusion, roi_feat_size=size
    )
    layouts = []
    for conv in head.convs:
        conv.register_forward_hook(
            lambda conv, inputs, out: layouts.append(
                out.is_contiguous(memory_format=torch.channels_last)
            )
        )
    head(torch.randn(6, 8, size, size), torch.rand(6, 3, 28, 28), LABELS)
    # The first convolution of one channel chooses for itself.
    assert len(layouts) == 4 and all(layouts[1:])


def test_odd_roi_size_is_rounded_up():
    # The C4 case, whose flattened size mmdet's head gets wrong.
    head = MaskIoUHead(**SMALL, roi_feat_size=7, num_classes=4)
    out = head(torch.randn(2, 8, 7, 7), torch.rand(2, 1, 14, 14), LABELS[:2])
    assert out.shape == (2, 4)


def test_no_roi():
    head = MaskIoUHead(**SMALL, num_classes=4)
    out = head(torch.randn(0, 8, 14, 14), torch.rand(0, 1, 28, 28), LABELS[:0])
    assert out.shape == (0, 4)


def test_default_loss_is_ours():
    assert type(MaskIoUHead(**SMALL).loss_iou) is MaskIoULoss


def test_fusion_hr_roi_strides_the_first_convolution():
    head = MaskIoUHead(
        **SMALL, num_classes=4, fusion='hr_roi', roi_feat_size=28
    )
    strides = [conv.stride for conv in head.convs]
    assert strides == [(2, 2), (1, 1), (1, 1), (2, 2)]
    out = head(torch.randn(2, 8, 28, 28), torch.rand(2, 1, 28, 28), LABELS[:2])
    assert out.shape == (2, 4)


class OtherLoss(torch.nn.Module):
    tau = 0.0


def test_the_loss_is_a_mask_iou_loss_or_a_subclass_of_it():
    heir = type('Heir', (MaskIoULoss,), {})
    head = MaskIoUHead(**SMALL, loss_iou=dict(type=heir, tau=0.25))
    assert head.loss_iou.tau == 0.25
    with pytest.raises(TypeError, match='loss_iou is OtherLoss'):
        MaskIoUHead(**SMALL, loss_iou=dict(type=OtherLoss))
