"""Config for weights of the authors' code, based on maskrcnn-benchmark.

In that code boxes end *in* their last pixel: a box (x1, y1, x2, y2) is
x2 - x1 + 1 wide, and decoding, areas and NMS add that 1. If x2 + 1 and y2 + 1
replace x2 and y2, this equals mmdet's arithmetic, which does not add 1. The
boxes of a converted model are written that way. mmdet's ``Legacy...`` types do
not help: they decode to edges half a pixel further out, and round anchors
differently.
"""

import torch
from torch import Tensor

from mmdet_msrcnn.checkpoints.maskrcnn_benchmark import CELL_ANCHORS

# Differences that no option of mmdet can remove.
DIFFERENCES = (
    'RoIs: mmdet samples features up to the end of the last pixel, the '
    "authors' code up to its start. So RoIs in mmdet are one pixel of the "
    'network input longer.',
    'Boxes outside the image: after clipping they have no width in mmdet, and '
    "a width of one pixel in the authors' code.",
    'Boxes in the original image: mmdet scales the last pixel too, the '
    "authors' code adds it after scaling. Sizes differ by |1 - r| pixels, "
    'where the original image has r times the size of the network input.',
    "Masks: mmdet pastes them at sub-pixel positions, the authors' code into "
    'boxes of whole pixels.',
    "Images: mmdet resizes them with OpenCV, the authors' code with Pillow, "
    'which smooths when it shrinks.',
    "MaskIoU: this package clamps it to [0, 1], the authors' code does not.",
)


def anchor_generator(weights: dict[str, Tensor]) -> dict:
    """Return the config of the anchors that a checkpoint was trained with.

    Args:
        weights (dict[str, Tensor]): Contains the anchors of the first cell of
            every level, each of shape (A, 4).

    Returns:
        dict: Config of a generator with freely chosen anchors, each centred
        in its cell.

    Raises:
        ValueError: If the anchors are missing or off centre.
    """
    names = [name for name in weights if name.startswith(CELL_ANCHORS)]
    names.sort(key=lambda name: int(name.removeprefix(CELL_ANCHORS)))
    if not names:
        raise ValueError(
            f'The checkpoint has no {CELL_ANCHORS}0, the anchors of its '
            'levels. Convert the whole file that training wrote.'
        )
    strides, base_sizes = [], []
    for name in names:
        start, end = weights[name].double().split(2, dim=1)
        stride = start + end + 1
        if not torch.equal(stride, stride[:1, :1].expand_as(stride)):
            raise ValueError(
                f'{name} has anchors with different centres, which mmdet does '
                f'not support: {weights[name].tolist()}'
            )
        strides.append(round(stride[0, 0].item()))
        base_sizes.append((end - start + 1).tolist())
    return dict(
        _delete_=True,
        type='YOLOAnchorGenerator',
        strides=strides,
        base_sizes=base_sizes,
    )


def config_changes(weights: dict[str, Tensor]) -> dict:
    """Return config values that give the authors' predictions.

    Args:
        weights (dict[str, Tensor]): See :func:`anchor_generator`.

    Returns:
        dict: Values by dotted names.
    """
    coder = dict(
        _delete_=True, type='DeltaXYWHBBoxCoder', target_means=[0.0] * 4
    )
    roi_layer = dict(aligned=False, sampling_ratio=2)
    return {
        # BGR, 0 to 255, as for Caffe's ImageNet weights
        'model.data_preprocessor.mean': [102.9801, 115.9465, 122.7717],
        'model.data_preprocessor.std': [1.0, 1.0, 1.0],
        'model.data_preprocessor.bgr_to_rgb': False,
        'model.data_preprocessor.pad_size_divisor': 32,
        # stride in the 1x1 convolutions; batch norm frozen, without eps
        'model.backbone.style': 'caffe',
        'model.backbone.norm_cfg': dict(
            _delete_=True, type='BN', requires_grad=False, eps=0.0
        ),
        'model.rpn_head.anchor_generator': anchor_generator(weights),
        'model.rpn_head.bbox_coder': dict(coder, target_stds=[1.0] * 4),
        'model.roi_head.bbox_head.bbox_coder': dict(
            coder, target_stds=[0.1, 0.1, 0.2, 0.2]
        ),
        'model.roi_head.bbox_roi_extractor.roi_layer': roi_layer,
        'model.roi_head.mask_roi_extractor.roi_layer': roi_layer,
        'model.roi_head.mask_iou_head.fusion': 'concat',
        'model.test_cfg.rpn.nms_pre': 1000,
        'model.test_cfg.rpn.max_per_img': 1000,
        'model.test_cfg.rpn.nms.iou_threshold': 0.7,
        'model.test_cfg.rcnn.score_thr': 0.05,
        'model.test_cfg.rcnn.max_per_img': 100,
        'model.test_cfg.rcnn.mask_thr_binary': 0.5,
        'model.test_cfg.rcnn.nms': dict(
            _delete_=True, type='nms', iou_threshold=0.5
        ),
    }
