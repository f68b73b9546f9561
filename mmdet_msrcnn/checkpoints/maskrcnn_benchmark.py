"""Weights of the authors' code, which is based on maskrcnn-benchmark."""

from collections.abc import Callable

import torch
from torch import Tensor

CELL_ANCHORS = 'rpn.anchor_generator.cell_anchors.'
# Buffers that mmdet does not have; the config is made from them.
IGNORED = (CELL_ANCHORS,)

# The first prefix that matches is replaced.
PREFIXES = {
    'backbone.body.stem.': 'backbone.',
    'backbone.body.layer': 'backbone.layer',
    **{
        f'backbone.fpn.fpn_{theirs}{i + 1}.': f'neck.{ours}.{i}.conv.'
        for theirs, ours in (
            ('inner', 'lateral_convs'),
            ('layer', 'fpn_convs'),
        )
        for i in range(4)
    },
    'rpn.head.conv.': 'rpn_head.rpn_conv.',
    'rpn.head.cls_logits.': 'rpn_head.rpn_cls.',
    'rpn.head.bbox_pred.': 'rpn_head.rpn_reg.',
    'roi_heads.box.feature_extractor.fc6.': 'roi_head.bbox_head.shared_fcs.0.',
    'roi_heads.box.feature_extractor.fc7.': 'roi_head.bbox_head.shared_fcs.1.',
    'roi_heads.box.predictor.cls_score.': 'roi_head.bbox_head.fc_cls.',
    'roi_heads.box.predictor.bbox_pred.': 'roi_head.bbox_head.fc_reg.',
    **{
        f'roi_heads.mask.feature_extractor.mask_fcn{i + 1}.': (
            f'roi_head.mask_head.convs.{i}.conv.'
        )
        for i in range(4)
    },
    'roi_heads.mask.predictor.conv5_mask.': 'roi_head.mask_head.upsample.',
    'roi_heads.mask.predictor.mask_fcn_logits.': (
        'roi_head.mask_head.conv_logits.'
    ),
    **{
        f'roi_heads.maskiou.feature_extractor.maskiou_{theirs}{i + 1}.': (
            f'roi_head.mask_iou_head.{ours}.{i}.'
        )
        for theirs, ours, num in (('fcn', 'convs', 4), ('fc', 'fcs', 2))
        for i in range(num)
    },
    'roi_heads.maskiou.predictor.maskiou.': (
        'roi_head.mask_iou_head.fc_mask_iou.'
    ),
}


def background_last(rows: Tensor) -> Tensor:
    """Move the row of the background from the start to the end."""
    return torch.cat([rows[1:], rows[:1]])


# Class 0 is the background there. mmdet has it last in the class scores and
# leaves it out elsewhere. A view would be saved with all rows, so clone.
ROWS: dict[str, Callable[[Tensor], Tensor]] = {
    'roi_heads.box.predictor.cls_score.': background_last,
    'roi_heads.box.predictor.bbox_pred.': lambda rows: rows[4:].clone(),
    'roi_heads.mask.predictor.mask_fcn_logits.': lambda rows: rows[1:].clone(),
    'roi_heads.maskiou.predictor.maskiou.': lambda rows: rows[1:].clone(),
}


def _variants(weights: dict[str, Tensor]) -> dict[str, bool]:
    """Check a checkpoint for the variants that cannot be converted."""
    conv = weights.get('backbone.body.layer1.0.conv2.weight')
    return {
        'a C4 model, without FPN': any(
            name.startswith('roi_heads.box.feature_extractor.head.')
            for name in weights
        ),
        'a model with deformable convolutions': any(
            '.offset.' in name for name in weights
        ),
        'a ResNeXt, whose stride is in another convolution': (
            conv is not None and conv.shape[0] != conv.shape[1]
        ),
    }


def convert_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Rename the parameters and reorder their class rows as in mmdet.

    Args:
        weights (dict[str, Tensor]): Parameters and buffers by their names in
            the authors' code.

    Returns:
        dict[str, Tensor]: Parameters by mmdet's names. Unknown names stay
        unchanged.

    Raises:
        ValueError: If the model is not a ResNet with FPN.
    """
    for variant, is_it in _variants(weights).items():
        if is_it:
            raise ValueError(
                f'The checkpoint is of {variant}. Only ResNet FPN models of '
                "the authors' code can be converted. Train this model again "
                'with a config of configs/ms_rcnn.'
            )
    converted = {}
    for name, value in weights.items():
        if name.startswith(IGNORED):
            continue
        theirs = next((p for p in PREFIXES if name.startswith(p)), None)
        if theirs is None:
            converted[name] = value
            continue
        value = ROWS.get(theirs, lambda rows: rows)(value)
        converted[PREFIXES[theirs] + name.removeprefix(theirs)] = value
    return converted
