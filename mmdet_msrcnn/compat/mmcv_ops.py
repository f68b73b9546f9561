"""mmcv's operators with inputs that they read correctly.

mmcv's RoIAlign ignores the strides of its input: features with channels last
and masks in Fortran order give wrong values without an error
(https://github.com/open-mmlab/mmcv/issues/2203). It also does not support
bfloat16. This file can go when mmcv makes inputs contiguous and supports
bfloat16.
"""

import torch
from mmcv import ops
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from torch import Tensor, nn


def roi_align(feats: Tensor, rois: Tensor, *args) -> Tensor:
    """Run mmcv's RoIAlign.

    Args:
        feats (Tensor): Features in any memory layout, shape (N, C, H, W).
        rois (Tensor): (image index, x1, y1, x2, y2), shape (K, 5).
        *args: Other arguments of ``mmcv.ops.roi_align``.

    Returns:
        Tensor: Shape (K, C, h, w).
    """
    return ops.roi_align(feats.contiguous(), rois.contiguous(), *args)


def batched_nms(
    boxes: Tensor, scores: Tensor, labels: Tensor, nms_cfg: dict
) -> tuple[Tensor, Tensor]:
    """Run mmcv's NMS class by class.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (n, 4).
        scores (Tensor): Shape (n, ).
        labels (Tensor): Shape (n, ).
        nms_cfg (dict): See ``mmcv.ops.batched_nms``.

    Returns:
        tuple[Tensor, Tensor]: Boxes with scores, shape (k, 5), and their
        indices, shape (k, ).
    """
    inputs = (x.contiguous() for x in (boxes, scores, labels))
    return ops.batched_nms(*inputs, nms_cfg)


def prepare_feats(
    module: nn.Module, args: tuple, kwargs: dict
) -> tuple[tuple, dict]:
    """Convert features so that mmcv can read them; a forward pre-hook."""
    feats = args[0] if args else kwargs['feats']
    feats = tuple(
        (x.float() if x.dtype == torch.bfloat16 else x).contiguous()
        for x in feats
    )
    if args:
        return (feats, *args[1:]), kwargs
    return args, dict(kwargs, feats=feats)


def prepare_roi_extractors(roi_head: nn.Module) -> None:
    """Let all RoI extractors of a RoI head accept any layout and bfloat16.

    Args:
        roi_head (nn.Module): RoI head, changed in place.
    """
    for module in roi_head.modules():
        if isinstance(module, BaseRoIExtractor):
            module.register_forward_pre_hook(prepare_feats, with_kwargs=True)
