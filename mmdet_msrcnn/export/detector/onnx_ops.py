"""Translations of the operators of ``ops.py`` to ONNX.

Each takes and returns values of the graph. They use only operators of the
ONNX standard.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from onnxscript import FLOAT, INT64, opset19, script
from onnxscript import opset18 as op

import mmdet_msrcnn.export.detector.ops  # noqa: F401 - registers them

Value = Any


def pad_to_multiple(image: Value, divisor: int, value: float):
    """Translate :func:`.ops.pad_to_multiple`."""
    size = op.Shape(image, start=2, end=4)
    # Mod takes the sign of the divisor.
    more = op.Mod(op.Neg(size), op.Constant(value_ints=[divisor]))
    zeros = op.Constant(value_ints=[0] * 6)
    pads = op.Concat(zeros, more, axis=0)
    return op.Pad(image, pads, op.Constant(value_float=value))


def nms(boxes: Value, scores: Value, iou_threshold: float, max_num: int):
    """Translate :func:`.ops.nms`."""
    picks = op.NonMaxSuppression(
        op.Unsqueeze(boxes, [0]),
        op.Unsqueeze(scores, [0, 1]),
        op.Constant(value_ints=[max_num]),
        op.Constant(value_floats=[iou_threshold]),
    )
    # Columns: image, class, box
    return op.Gather(picks, op.Constant(value_int=2), axis=1)


@script()
def soft_nms_loop(
    boxes: FLOAT,
    scores: FLOAT,
    max_num: INT64,
    iou_threshold: float,
    min_score: float,
    kept: float,
    slope: float,
    steepness: float,
) -> tuple[FLOAT, INT64]:
    """Pick the best box and lower the scores of the others, step by step."""
    zero = op.Constant(value_ints=[0])
    x1, y1, x2, y2 = op.Split(boxes, num_outputs=4, axis=1)
    areas = (x2 - x1) * (y2 - y1)
    picked_scores = scores[0:0]
    picked = zero[0:0]
    left = op.Unsqueeze(scores, [1])
    # A picked or dropped box has a score below all others.
    gone = op.Constant(value_float=-1.0)
    steps = op.Min(max_num, op.Size(scores))
    for _ in range(steps):
        best = op.ArgMax(left, axis=0, keepdims=0)
        picked = op.Concat(picked, best, axis=0)
        picked_scores = op.Concat(
            picked_scores, op.Reshape(op.Gather(left, best), [1]), axis=0
        )
        left_x = op.Max(x1, op.Gather(x1, best))
        left_y = op.Max(y1, op.Gather(y1, best))
        right_x = op.Min(x2, op.Gather(x2, best))
        right_y = op.Min(y2, op.Gather(y2, best))
        overlaps = op.Relu(right_x - left_x) * op.Relu(right_y - left_y)
        ious = overlaps / (areas + op.Gather(areas, best) - overlaps)
        lowered = kept - slope * ious
        linear = op.Where(
            ious >= iou_threshold, lowered, op.CastLike(1.0, ious)
        )
        left = left * linear * op.Exp(-ious * ious * steepness)
        left = op.Where(left >= min_score, left, gone)
        left = op.ScatterElements(
            left, op.Unsqueeze(best, [1]), op.Reshape(gone, [1, 1]), axis=0
        )
        done = op.ReduceMax(left, keepdims=0) < 0.0
        if done:
            break
    return picked_scores, picked


# Factor of a score: kept - slope * IoU from the threshold on, and
# exp(-IoU^2 * steepness).
SOFT_NMS: dict[str, Callable[[float, float], tuple[float, ...]]] = {
    'naive': lambda threshold, sigma: (threshold, 0.0, 0.0, 0.0),
    'linear': lambda threshold, sigma: (threshold, 1.0, 1.0, 0.0),
    'gaussian': lambda threshold, sigma: (0.0, 1.0, 0.0, 1 / sigma),
}


def soft_nms(
    boxes: Value,
    scores: Value,
    iou_threshold: float,
    sigma: float,
    min_score: float,
    method: str,
    max_num: int,
):
    """Translate :func:`.ops.soft_nms`.

    The picks come in falling order, so that no more than ``max_num`` steps
    are needed.
    """
    threshold, kept, slope, steepness = SOFT_NMS[method](iou_threshold, sigma)
    return soft_nms_loop(
        boxes,
        scores,
        op.Constant(value_int=max_num),
        iou_threshold=threshold,
        min_score=min_score,
        kept=kept,
        slope=slope,
        steepness=steepness,
    )


def roi_align(
    feats: Sequence[Value],
    boxes: Value,
    levels: Value,
    scales: Sequence[float],
    output_size: Sequence[int],
    sampling_ratio: int,
    aligned: bool,
):
    """Translate :func:`.ops.roi_align`.

    The RoIs of each level are taken out, and put back in order at the end.
    """
    mode = 'half_pixel' if aligned else 'output_half_pixel'
    parts, owners = [], []
    for level, (feat, scale) in enumerate(zip(feats, scales, strict=True)):
        own = op.Squeeze(
            op.NonZero(op.Equal(levels, op.Constant(value_int=level))), [0]
        )
        owners.append(own)
        parts.append(
            op.RoiAlign(
                feat,
                op.Gather(boxes, own, axis=0),
                op.Mul(own, op.Constant(value_int=0)),
                coordinate_transformation_mode=mode,
                mode='avg',
                output_height=output_size[0],
                output_width=output_size[1],
                sampling_ratio=sampling_ratio,
                spatial_scale=scale,
            )
        )
    if len(parts) == 1:
        return parts[0]
    order = op.Concat(*owners, axis=0)
    _, places = op.TopK(order, op.Shape(order), largest=0)
    return op.Gather(op.Concat(*parts, axis=0), places, axis=0)


def deform_conv(
    x: Value,
    offset: Value,
    mask: Value | None,
    weight: Value,
    bias: Value | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    deform_groups: int,
):
    """Translate :func:`.ops.deform_conv`."""
    return opset19.DeformConv(
        x,
        weight,
        offset,
        bias,
        mask,
        dilations=list(dilation),
        group=groups,
        offset_group=deform_groups,
        pads=[*padding, *padding],
        strides=list(stride),
    )


TRANSLATIONS: dict[Callable, Callable] = {
    torch.ops.mmdet_msrcnn.pad_to_multiple.default: pad_to_multiple,
    torch.ops.mmdet_msrcnn.nms.default: nms,
    torch.ops.mmdet_msrcnn.soft_nms.default: soft_nms,
    torch.ops.mmdet_msrcnn.roi_align.default: roi_align,
    torch.ops.mmdet_msrcnn.deform_conv.default: deform_conv,
}
