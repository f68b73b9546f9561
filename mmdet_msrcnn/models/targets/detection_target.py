"""Targets and input features of a mask score that ranks for AP.

At each IoU threshold, AP depends on the rank of each detection and on whether
it is a true positive. If these two were independent, the best order would be
by the probability of being a true positive (the probability ranking
principle; Robertson, Journal of Documentation 33(4), 1977). This is neither
the order by IoU, because a duplicate can have a high IoU too, nor the order
by class score x IoU. In fact they are not independent: the order decides
which of two detections of one instance is the duplicate. Here it is the one
with the lower class score.

Shape shorthand: D detections and N instances of one image.
"""

import torch
from mmdet.structures.bbox import bbox_overlaps, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.targets.gt_masks import packed_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target
from mmdet_msrcnn.models.targets.whole_masks import whole_mask_ious
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

# Range of the probabilities that become logits. LVIS has scores of 1e-4.
LOWEST, HIGHEST = 1e-6, 1 - 1e-3


def outranked_by(scores: Tensor) -> Tensor:
    """Compute whether detection j ranks before detection i.

    Args:
        scores (Tensor): Class scores, shape (D, ). Equal scores rank in their
            order here, as in pycocotools.

    Returns:
        Tensor: bool, indexed by [i, j], shape (D, D).
    """
    higher = scores > scores[:, None]
    equal = scores == scores[:, None]
    return higher | (equal & torch.ones_like(equal).tril(-1))


def rank_features(boxes: Tensor, scores: Tensor, labels: Tensor) -> Tensor:
    """Compute features that show duplicates and the box head's confidence.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (D, 4).
        scores (Tensor): Class scores in [0, 1], shape (D, ).
        labels (Tensor): Classes, shape (D, ).

    Returns:
        Tensor: float32 logit of the class score, and largest box IoU with a
        detection of the same class that ranks before, in [0, 1]; shape
        (D, 2).
    """
    scores = scores.float()
    logits = scores.clamp(LOWEST, HIGHEST).logit()
    if scores.shape[0] == 0:
        return logits.new_zeros((0, 2))
    rivals = outranked_by(scores) & (labels == labels[:, None])
    overlaps = bbox_overlaps(boxes.float(), boxes.float()) * rivals
    return torch.stack([logits, overlaps.amax(dim=1)], dim=1)


def assign_instances(
    boxes: Tensor, labels: Tensor, gt_boxes: Tensor, gt_labels: Tensor
) -> Tensor:
    """Find the instance of the same class with the largest box overlap.

    The box is enough: of 8,700 detections on nuclei, only 6 have a larger
    mask IoU, of at least 0.5, with another instance.

    Args:
        boxes (Tensor): Shape (D, 4).
        labels (Tensor): Shape (D, ).
        gt_boxes (Tensor): Shape (N, 4).
        gt_labels (Tensor): Shape (N, ).

    Returns:
        Tensor: Indices of instances in [0, N), -1 if there is none, shape
        (D, ).
    """
    if len(gt_boxes) == 0:
        return torch.full_like(labels, -1)
    same = labels[:, None] == gt_labels
    overlaps, inds = (bbox_overlaps(boxes, gt_boxes) * same).max(dim=1)
    return torch.where(overlaps > 0, inds, -1)


def reached_thresholds(mask_ious: Tensor) -> Tensor:
    """Compute which of COCO's IoU thresholds a MaskIoU reaches.

    Args:
        mask_ious (Tensor): In [0, 1], shape (D, ).

    Returns:
        Tensor: bool of shape (D, 10).
    """
    return mask_ious[:, None] >= mask_ious.new_tensor(COCO_IOU_THRS)


def true_positive_rates(
    mask_ious: Tensor, gt_inds: Tensor, scores: Tensor
) -> Tensor:
    """Compute the share of IoU thresholds at which detections are correct.

    COCO matches detections in order of descending score, here the class score.
    At each threshold, an instance is matched to the first detection whose IoU
    reaches the threshold. So a detection is a true positive at the thresholds
    that its IoU reaches and that no higher-ranked detection of its instance
    reaches. (COCO can match a duplicate to a neighbouring instance. Here such
    a duplicate does not count.)

    Args:
        mask_ious (Tensor): IoU with the assigned instance in [0, 1], shape
            (D, ).
        gt_inds (Tensor): Assigned instances, shape (D, ).
        scores (Tensor): Class scores, shape (D, ).

    Returns:
        Tensor: In [0, 1], shape (D, ).
    """
    if len(scores) == 0:
        return mask_ious.new_zeros((0,))
    rivals = outranked_by(scores) & (gt_inds == gt_inds[:, None])
    best_rival = (mask_ious * rivals).amax(dim=1)
    taken = reached_thresholds(best_rival)
    return (reached_thresholds(mask_ious) & ~taken).float().mean(dim=1)


def in_ignored_region(
    boxes: Tensor,
    labels: Tensor,
    ignored_boxes: Tensor,
    ignored_labels: Tensor | None,
    min_cover: float = 0.5,
) -> Tensor:
    """Compute whether detections lie in an ignored region, such as a crowd.

    Args:
        boxes (Tensor): Shape (D, 4).
        labels (Tensor): Shape (D, ).
        ignored_boxes (Tensor): Shape (M, 4).
        ignored_labels (Tensor, optional): Class of each region, shape (M, ).
            By default a region applies to all classes.
        min_cover (float): Share of the detection's box that the region must
            cover. Defaults to 0.5, the lowest IoU threshold of COCO.

    Returns:
        Tensor: bool of shape (D, ).
    """
    if min(len(boxes), len(ignored_boxes)) == 0:
        return boxes.new_zeros((len(boxes),), dtype=torch.bool)
    cover = bbox_overlaps(boxes, ignored_boxes, mode='iof')
    if ignored_labels is not None:
        cover = cover * (labels[:, None] == ignored_labels)
    return cover.amax(dim=1) >= min_cover


@torch.no_grad()
def detection_targets(
    mask_probs: Tensor,
    dets: InstanceData,
    gt_instances: InstanceData,
    ignored: InstanceData | None,
    mask_thr: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the targets of the detections of one image.

    Args:
        mask_probs (Tensor): Foreground probabilities of the detected classes,
            shape (n, h, w).
        dets (:obj:`InstanceData`): ``bboxes``, ``scores`` and ``labels``. With
            ``masks`` of the whole image, ``mask_probs`` is not used.
        gt_instances (:obj:`InstanceData`): ``bboxes``, ``labels`` and
            ``masks``.
        ignored (:obj:`InstanceData`, optional): ``bboxes`` of regions.
            Detections in them are left out of training, except true positives.
            With ``labels``, this holds only for detections of the same class.
        mask_thr (float): Probability from which a pixel is foreground.

    Returns:
        tuple[Tensor]: MaskIoU with the assigned instance, 0 if there is
        none; share of COCO's thresholds at which the detection is a true
        positive; and whether it is used in training (bool). Each of shape
        (n, ).
    """
    boxes = get_box_tensor(dets.bboxes)
    gt_boxes = get_box_tensor(gt_instances.bboxes)
    gt_inds = assign_instances(
        boxes, dets.labels, gt_boxes, gt_instances.labels
    )
    mask_ious = boxes.new_zeros(len(boxes), dtype=torch.float32)
    if len(gt_boxes) > 0:
        gt_masks = packed_masks(gt_instances, boxes.device)
        inds = gt_inds.clamp(min=0)
        if 'masks' in dets:
            mask_ious = whole_mask_ious(dets.masks, inds, gt_masks)
        else:
            mask_ious = mask_iou_target(
                mask_probs, boxes, inds, gt_masks, mask_thr
            )
        mask_ious = mask_ious * (gt_inds >= 0)
    scores = true_positive_rates(mask_ious, gt_inds, dets.scores)
    ignore = torch.zeros_like(gt_inds, dtype=torch.bool)
    if ignored is not None and len(ignored) > 0:
        ignore = in_ignored_region(
            boxes,
            dets.labels,
            get_box_tensor(ignored.bboxes),
            ignored.get('labels'),
        )
        ignore &= scores == 0
    return mask_ious, scores, ~ignore
