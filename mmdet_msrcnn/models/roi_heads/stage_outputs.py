"""Functions that combine the outputs of a RoI head's stages."""

import torch
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor


def mean_probs(mask_preds: list[Tensor]) -> Tensor:
    """Average the mask probabilities of all stages, given their logits."""
    return torch.stack([logits.sigmoid() for logits in mask_preds]).mean(0)


def as_detections(
    rois: Tensor, cls_score: Tensor, labels: Tensor
) -> InstanceList:
    """Treat RoIs as detections, without box regression or NMS.

    Args:
        rois (Tensor): (image index, x1, y1, x2, y2), in order of images,
            shape (K, 5).
        cls_score (Tensor): Logits, the background last, shape
            (K, num_classes + 1).
        labels (Tensor): Class of each RoI, shape (K, ).

    Returns:
        list[:obj:`InstanceData`]: ``bboxes``, ``scores`` and ``labels`` of
        each image that has RoIs.
    """
    scores = cls_score.softmax(dim=1).gather(1, labels[:, None])[:, 0]
    images = [rois[:, 0] == i for i in rois[:, 0].unique()]
    return [
        InstanceData(
            bboxes=rois[own, 1:], scores=scores[own], labels=labels[own]
        )
        for own in images
    ]
