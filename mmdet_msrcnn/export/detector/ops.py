"""Operations of a detector that torch.export cannot see into.

Each is an operator of torch's library that calls mmcv, with a function that
tells torch the shape of its output. ``onnx_ops.py`` has one translation
to ONNX for each. A number of boxes that depends on the image is declared to be
at least 2, so that no graph is specialized on an empty or single result; the
operators of ONNX take any number.
"""

from collections.abc import Sequence

import torch
from mmcv.ops import deform_conv2d, modulated_deform_conv2d
from mmcv.ops import nms as mmcv_nms
from mmcv.ops import roi_align as mmcv_roi_align
from mmcv.ops import soft_nms as mmcv_soft_nms
from torch import Tensor
from torch.library import custom_op, get_ctx
from torch.nn import functional as F

SOFT_NMS_METHODS = ('naive', 'linear', 'gaussian')


@custom_op('mmdet_msrcnn::pad_to_multiple', mutates_args=())
def pad_to_multiple(image: Tensor, divisor: int, value: float) -> Tensor:
    """Pad an image at the right and at the bottom.

    Torch is told that the size is a multiple, so that the sizes of all levels
    are simple.

    Args:
        image (Tensor): Shape (1, 3, H, W).
        divisor (int): Number that divides the new size.
        value (float): Value of the new pixels.

    Returns:
        Tensor: Shape (1, 3, h, w).
    """
    height, width = image.shape[2:]
    return F.pad(
        image, (0, -width % divisor, 0, -height % divisor), value=value
    ).clone()


@pad_to_multiple.register_fake
def _(image: Tensor, divisor: int, value: float) -> Tensor:
    height, width = (get_ctx().new_dynamic_size(min=2) for _ in range(2))
    return image.new_empty(1, 3, height * divisor, width * divisor)


@custom_op('mmdet_msrcnn::nms', mutates_args=())
def nms(
    boxes: Tensor, scores: Tensor, iou_threshold: float, max_num: int
) -> Tensor:
    """Select boxes by non-maximum suppression.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (N, 4).
        scores (Tensor): Shape (N, ).
        iou_threshold (float): A box is dropped if its IoU with a better one is
            above.
        max_num (int): Largest number of boxes to keep.

    Returns:
        Tensor: Indices of the boxes kept, the best first, shape (n, ).
    """
    return mmcv_nms(boxes, scores, iou_threshold, max_num=max_num)[1]


@nms.register_fake
def _(
    boxes: Tensor, scores: Tensor, iou_threshold: float, max_num: int
) -> Tensor:
    return boxes.new_empty(get_ctx().new_dynamic_size(min=2), dtype=torch.long)


@custom_op('mmdet_msrcnn::soft_nms', mutates_args=())
def soft_nms(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    max_num: int,
) -> tuple[Tensor, Tensor]:
    """Select boxes by Soft-NMS (https://arxiv.org/abs/1704.04503).

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (N, 4).
        scores (Tensor): Shape (N, ).
        iou_threshold (float): IoU above which 'naive' drops a box and 'linear'
            lowers its score.
        sigma (float): Width of 'gaussian'.
        min_score (float): A box with a lower score is dropped.
        method (str): One of ``SOFT_NMS_METHODS``.
        max_num (int): Largest number of boxes to keep.

    Returns:
        tuple[Tensor, Tensor]: Lowered scores of the boxes kept, the best
        first, and their indices, both of shape (n, ).
    """
    dets, inds = mmcv_soft_nms(
        boxes, scores, iou_threshold, sigma, min_score, method
    )
    return dets[:max_num, 4].clone(), inds[:max_num].clone()


@soft_nms.register_fake
def _(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    max_num: int,
) -> tuple[Tensor, Tensor]:
    num = get_ctx().new_dynamic_size(min=2)
    return scores.new_empty(num), scores.new_empty(num, dtype=torch.long)


@custom_op('mmdet_msrcnn::roi_align', mutates_args=())
def roi_align(
    feats: Sequence[Tensor],
    boxes: Tensor,
    levels: Tensor,
    scales: Sequence[float],
    output_size: Sequence[int],
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    """Compute the feature of each RoI on its level of a pyramid.

    Args:
        feats (Sequence[Tensor]): Features of one image, each of shape
            (1, C, h, w).
        boxes (Tensor): (x1, y1, x2, y2) in pixels of the image, shape (K, 4).
        levels (Tensor): Level of each box, shape (K, ).
        scales (Sequence[float]): Size of a pixel of the image in pixels of
            each level.
        output_size (Sequence[int]): (H, W).
        sampling_ratio (int): Samples of each cell and direction, 0 for as
            many as the box is large.
        aligned (bool): Whether pixels have their centers at half numbers.

    Returns:
        Tensor: Shape (K, C, H, W).
    """
    rois = torch.cat([boxes.new_zeros(len(boxes), 1), boxes], dim=1)
    shape = (len(boxes), feats[0].shape[1], *output_size)
    out = feats[0].new_zeros(shape)
    for level, (feat, scale) in enumerate(zip(feats, scales, strict=True)):
        own = levels == level
        out[own] = mmcv_roi_align(
            feat,
            rois[own],
            tuple(output_size),
            scale,
            sampling_ratio,
            'avg',
            aligned,
        )
    return out


@roi_align.register_fake
def _(
    feats: Sequence[Tensor],
    boxes: Tensor,
    levels: Tensor,
    scales: Sequence[float],
    output_size: Sequence[int],
    sampling_ratio: int,
    aligned: bool,
) -> Tensor:
    return feats[0].new_empty(boxes.shape[0], feats[0].shape[1], *output_size)


@custom_op('mmdet_msrcnn::deform_conv', mutates_args=())
def deform_conv(
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    deform_groups: int,
) -> Tensor:
    """Compute a deformable convolution, with ``mask`` that of version 2.

    Args:
        x (Tensor): Shape (B, C, H, W).
        offset (Tensor): (y, x) offsets of each kernel element, shape
            (B, 2 * deform_groups * kernel elements, h, w).
        mask (Tensor, optional): Factors of each kernel element, shape
            (B, deform_groups * kernel elements, h, w).
        weight (Tensor): Shape (out, C / groups, kernel, kernel).
        bias (Tensor, optional): Shape (out, ).
        stride (Sequence[int]): (y, x).
        padding (Sequence[int]): (y, x).
        dilation (Sequence[int]): (y, x).
        groups (int): Groups of channels.
        deform_groups (int): Groups of channels with offsets of their own.

    Returns:
        Tensor: Shape (B, out, h, w).
    """
    how = tuple(stride), tuple(padding), tuple(dilation), groups, deform_groups
    if mask is None:
        return deform_conv2d(x, offset, weight, *how)
    return modulated_deform_conv2d(x, offset, mask, weight, bias, *how)


@deform_conv.register_fake
def _(
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    deform_groups: int,
) -> Tensor:
    # The offsets have the size of the output.
    return x.new_empty(x.shape[0], weight.shape[0], *offset.shape[-2:])
