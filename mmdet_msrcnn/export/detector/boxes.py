"""Proposals and boxes of one image, by tensors alone.

As ``RPNHead.predict_by_feat`` and ``BBoxHead.predict_by_feat`` of mmdet, whose
branches on the number of boxes cannot be exported.
"""

import torch
from mmdet.models.dense_heads import RPNHead
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from mmengine.config import ConfigDict
from torch import Tensor

from mmdet_msrcnn.export.detector.ops import nms, soft_nms

# More boxes than any image has.
NO_LIMIT = 2**31 - 1
Size = tuple[int, int]


def select_boxes(
    boxes: Tensor, scores: Tensor, groups: Tensor, cfg: dict, max_num: int
) -> tuple[Tensor, Tensor]:
    """Select boxes by NMS or Soft-NMS within groups, as mmcv's batched_nms.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (N, 4).
        scores (Tensor): Shape (N, ).
        groups (Tensor): Class or level of each box, shape (N, ).
        cfg (dict): ``nms`` of a ``test_cfg``.
        max_num (int): Largest number of boxes to keep; no limit below 1.

    Returns:
        tuple[Tensor, Tensor]: Scores of the boxes kept, the best first, and
        their indices, both of shape (n, ).

    Raises:
        ValueError: If ``cfg`` has another type or a key that is not known.
    """
    cfg = dict(cfg or {'type': None})
    name = cfg.pop('type', 'nms')
    max_num = max_num if max_num > 0 else NO_LIMIT
    iou_threshold = cfg.pop('iou_threshold', 0.3)
    cfg.pop('split_thr', None)
    if not cfg.pop('class_agnostic', False):
        largest = torch.cat([boxes.flatten(), boxes.new_zeros(1)]).max()
        boxes = boxes + (groups.to(boxes) * (largest + 1))[:, None]
    if name == 'nms' and not cfg:
        inds = nms(boxes, scores, iou_threshold, max_num)
        return scores[inds], inds
    if name == 'soft_nms' and not set(cfg) - {'sigma', 'min_score', 'method'}:
        return soft_nms(
            boxes,
            scores,
            iou_threshold,
            cfg.get('sigma', 0.5),
            cfg.get('min_score', 1e-3),
            cfg.get('method', 'linear'),
            max_num,
        )
    raise ValueError(
        f'nms of test_cfg must be of type nms or soft_nms to be exported, '
        f'with their own keys, got type {name!r} with {sorted(cfg)}'
    )


def proposals(
    head: RPNHead,
    cls_scores: list[Tensor],
    bbox_preds: list[Tensor],
    img_shape: Size,
    cfg: ConfigDict,
) -> Tensor:
    """Compute the proposals of an image.

    Args:
        head (:obj:`RPNHead`): RPN.
        cls_scores (list[Tensor]): Logits of each level, of shape
            (1, anchors, h, w) for a sigmoid.
        bbox_preds (list[Tensor]): Deltas of each level, of shape
            (1, anchors * 4, h, w).
        img_shape (tuple[int, int]): (H, W) without padding, to clip boxes.
        cfg (:obj:`ConfigDict`): ``test_cfg.rpn``.

    Returns:
        Tensor: (x1, y1, x2, y2), the best first, shape (n, 4).
    """
    boxes, scores, levels = [], [], []
    for level, (logits, deltas) in enumerate(
        zip(cls_scores, bbox_preds, strict=True)
    ):
        anchors = head.prior_generator.single_level_grid_priors(
            logits.shape[-2:], level, logits.dtype, logits.device
        )
        level_scores = flatten(logits, head.cls_out_channels)
        if head.use_sigmoid_cls:
            level_scores = level_scores.sigmoid()[:, 0]
        else:
            level_scores = level_scores.softmax(-1)[:, 0]
        deltas = flatten(deltas, 4)
        if cfg.get('nms_pre', -1) > 0:
            num = torch.sym_min(cfg.nms_pre, level_scores.shape[0])
            level_scores, best = level_scores.topk(num)
            deltas, anchors = deltas[best], anchors[best]
        boxes.append(head.bbox_coder.decode(anchors, deltas, img_shape))
        scores.append(level_scores)
        levels.append(torch.full_like(level_scores, level))
    all_boxes, all_scores = torch.cat(boxes), torch.cat(scores)
    all_levels = torch.cat(levels)
    if cfg.get('min_bbox_size', -1) >= 0:
        width, height = (all_boxes[:, 2:] - all_boxes[:, :2]).unbind(1)
        large = (width > cfg.min_bbox_size) & (height > cfg.min_bbox_size)
        kept = large.nonzero()[:, 0]
        all_boxes, all_scores = all_boxes[kept], all_scores[kept]
        all_levels = all_levels[kept]
    _, inds = select_boxes(
        all_boxes, all_scores, all_levels, cfg.nms, cfg.max_per_img
    )
    return all_boxes[inds]


def flatten(values: Tensor, channels: int) -> Tensor:
    """Change (1, anchors * channels, h, w) to (anchors, channels)."""
    return values[0].permute(1, 2, 0).reshape(-1, channels)


def detections(
    head: BBoxHead,
    boxes: Tensor,
    cls_score: Tensor,
    bbox_pred: Tensor,
    img_shape: Size,
    cfg: ConfigDict,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the detections of an image.

    Args:
        head (:obj:`BBoxHead`): Box head.
        boxes (Tensor): Proposals, (x1, y1, x2, y2), shape (K, 4).
        cls_score (Tensor): Logits, the background last, shape
            (K, num_classes + 1).
        bbox_pred (Tensor): Deltas, shape (K, 4) or (K, num_classes * 4).
        img_shape (tuple[int, int]): (H, W) without padding, to clip boxes.
        cfg (:obj:`ConfigDict`): ``test_cfg.rcnn``.

    Returns:
        tuple[Tensor, Tensor, Tensor]: Boxes of shape (n, 4), class scores and
        labels, both of shape (n, ); the best first.
    """
    num_classes = head.num_classes
    scores = cls_score.softmax(-1)[:, :-1].flatten()
    decoded = head.bbox_coder.decode(boxes, bbox_pred, img_shape)
    likely = (scores > cfg.score_thr).nonzero()[:, 0]
    labels = likely % num_classes
    if head.reg_class_agnostic:
        decoded = decoded[likely // num_classes]
    else:
        decoded = decoded.reshape(-1, 4)[likely]
    kept_scores, inds = select_boxes(
        decoded, scores[likely], labels, cfg.nms, cfg.max_per_img
    )
    return decoded[inds], kept_scores, labels[inds]
