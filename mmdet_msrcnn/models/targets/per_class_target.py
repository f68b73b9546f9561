"""MaskIoU targets for the classes of a positive RoI.

This is the paper's ablation of the training target. Shape shorthand: K
positive RoIs and N instances of one image, C classes, (h, w) size of the
predicted masks.

Each choice is one function and one row of ``OTHER_CLASSES``. The functions
return the targets of all classes except the true one. They take

- sampling_result (SamplingResult): the positives of the image;
- gt_instances (InstanceData): its instances, with ``bboxes`` and ``labels``;
- mask_iou (Callable): computes the IoU of predicted masks from L RoIs,
  L instances (both as indices) and the L classes, all of shape (L, );
- num_classes (int): C.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from mmdet.models.task_modules.samplers import SamplingResult
from mmdet.structures.bbox import bbox_overlaps, get_box_tensor
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.targets.gt_masks import packed_masks
from mmdet_msrcnn.models.targets.mask_iou_target import mask_iou_target

PRESENT_IOU = 0.5
MaskIoU = Callable[[Tensor, Tensor, Tensor], Tensor]


class ClassTargets(NamedTuple):
    """Targets of every class of K RoIs.

    Attributes:
        ious (Tensor): float32 in [0, 1], shape (K, C).
        known (Tensor): bool, whether the class has a target, shape (K, C).
    """

    ious: Tensor
    known: Tensor


def no_targets(
    sampling_result: SamplingResult,
    gt_instances: InstanceData,
    mask_iou: MaskIoU,
    num_classes: int,
) -> ClassTargets:
    """Do not train the other classes; the paper's default."""
    ious = sampling_result.pos_priors.new_zeros(
        (len(sampling_result.pos_priors), num_classes), dtype=torch.float32
    )
    return ClassTargets(ious, torch.zeros_like(ious, dtype=torch.bool))


def zero_targets(
    sampling_result: SamplingResult,
    gt_instances: InstanceData,
    mask_iou: MaskIoU,
    num_classes: int,
) -> ClassTargets:
    """Train all other classes with a target of 0."""
    ious, known = no_targets(
        sampling_result, gt_instances, mask_iou, num_classes
    )
    return ClassTargets(ious, ~known)


def present_targets(
    sampling_result: SamplingResult,
    gt_instances: InstanceData,
    mask_iou: MaskIoU,
    num_classes: int,
) -> ClassTargets:
    """Train the classes with an instance in the RoI with their own MaskIoU.

    An instance is in the RoI if their boxes have an IoU of at least 0.5. In
    each class, the instance with the largest IoU counts. As for the true
    class, a MaskIoU of 0 is not trained.
    """
    ious, known = no_targets(
        sampling_result, gt_instances, mask_iou, num_classes
    )
    overlaps = bbox_overlaps(
        get_box_tensor(sampling_result.pos_priors),
        get_box_tensor(gt_instances.bboxes),
    )
    labels = gt_instances.labels.expand_as(overlaps)
    largest = torch.zeros_like(ious).scatter_reduce(
        1, labels, overlaps, 'amax'
    )
    roi_inds, gt_inds = (
        (overlaps >= PRESENT_IOU) & (overlaps == largest.gather(1, labels))
    ).nonzero(as_tuple=True)
    classes = gt_instances.labels[gt_inds]
    cells = roi_inds * num_classes + classes
    # Equal boxes of one class share a cell.
    ious.view(-1).scatter_reduce_(
        0, cells, mask_iou(roi_inds, gt_inds, classes), 'amax'
    )
    return ClassTargets(ious, ious > 0)


OTHER_CLASSES = {
    'true': no_targets,
    'all': zero_targets,
    'present': present_targets,
}


@torch.no_grad()
def class_targets(
    target_classes: str,
    mask_probs: Tensor,
    sampling_result: SamplingResult,
    gt_instances: InstanceData,
    mask_thr: float,
    num_classes: int,
) -> ClassTargets:
    """Compute the MaskIoU targets of the positives of one image.

    Args:
        target_classes (str): A key of ``OTHER_CLASSES``.
        mask_probs (Tensor): Foreground probabilities, shape
            (K, num_classes, h, w), or (K, 1, h, w) of only the true class.
        sampling_result (:obj:`SamplingResult`): Sampling result.
        gt_instances (:obj:`InstanceData`): Ground truth, with ``masks``;
            'present' also needs ``bboxes`` and ``labels``.
        mask_thr (float): Probability from which a pixel is foreground.
        num_classes (int): C, 1 for a class-agnostic head.

    Returns:
        ClassTargets: The true class always has a target. It is 0 if its IoU
        is not defined.
    """
    gt_masks = packed_masks(gt_instances, mask_probs.device)

    def mask_iou(roi_inds: Tensor, gt_inds: Tensor, classes: Tensor):
        if mask_probs.shape[1] == 1:
            classes = torch.zeros_like(classes)
        return mask_iou_target(
            mask_probs[roi_inds, classes],
            sampling_result.pos_priors[roi_inds],
            gt_inds,
            gt_masks,
            mask_thr,
        )

    ious, known = OTHER_CLASSES[target_classes](
        sampling_result, gt_instances, mask_iou, num_classes
    )
    labels = sampling_result.pos_gt_labels
    roi_inds = torch.arange(len(ious), device=ious.device)
    column = labels if num_classes > 1 else torch.zeros_like(labels)
    ious[roi_inds, column] = mask_iou(
        roi_inds, sampling_result.pos_assigned_gt_inds, labels
    )
    # On a GPU, a Python value would make the host wait.
    known[roi_inds, column] = torch.ones_like(labels, dtype=torch.bool)
    return ClassTargets(ious, known)
