"""Detections of a frozen detector, with the inputs of a mask score head.

Shape shorthand: D detections over all images.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.dataset import BaseDataset, pseudo_collate
from mmengine.structures import InstanceData
from pycocotools import mask as mask_utils
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.mask_fusion import select_by_label
from mmdet_msrcnn.models.targets.detection_target import detection_targets


class Detections(NamedTuple):
    """Detections of a frozen detector on a data set.

    Attributes:
        images (Tensor): Image index of each detection, shape (D, ).
        inputs (tuple[Tensor]): Inputs of :meth:`MaskScoreHead.forward`;
            features and masks are in half precision.
        scores (Tensor): Class scores, shape (D, ).
        ious (Tensor): MaskIoU with the assigned instance, shape (D, ).
        rates (Tensor): See :func:`true_positive_rates`, shape (D, ).
        trained (Tensor): bool, whether a head may train on each detection,
            shape (D, ).
        results (list[dict]): COCO results with class scores.
    """

    images: Tensor
    inputs: tuple[Tensor, ...]
    scores: Tensor
    ious: Tensor
    rates: Tensor
    trained: Tensor
    results: list[dict]


def concatenate(parts: Sequence[Detections]) -> Detections:
    """Put the detections of several images together.

    Args:
        parts (Sequence[Detections]): At least one.

    Returns:
        Detections: In the same order.
    """
    inputs = zip(*(part.inputs for part in parts), strict=True)
    return Detections(
        torch.cat([part.images for part in parts]),
        tuple(map(torch.cat, inputs)),
        torch.cat([part.scores for part in parts]),
        torch.cat([part.ious for part in parts]),
        torch.cat([part.rates for part in parts]),
        torch.cat([part.trained for part in parts]),
        [result for part in parts for result in part.results],
    )


def to_results(
    found: InstanceData, img_id: int, cat_ids: Sequence[int]
) -> list[dict]:
    """Convert detections to COCO results, with class scores."""
    return [
        dict(
            image_id=img_id,
            category_id=cat_ids[label],
            score=score,
            segmentation=mask_utils.encode(np.asfortranarray(mask)),
        )
        for label, score, mask in zip(
            found.labels.tolist(),
            found.scores.tolist(),
            found.masks.byte().numpy(),
            strict=True,
        )
    ]


@torch.no_grad()
def find_detections(model: BaseDetector, dataset: BaseDataset) -> Detections:
    """Detect in every image and collect what a MaskScoreHead trains on.

    Args:
        model (:obj:`BaseDetector`): Detector with a MaskScoreHead, in eval
            mode.
        dataset (BaseDataset): Images with the test pipeline, and ground
            truth in the size of the original image.

    Returns:
        Detections: In the order of the images.

    Raises:
        ValueError: If the model detects nothing.
    """
    head, seen = model.roi_head.mask_iou_head, []
    mask_thr = model.roi_head.test_cfg.mask_thr_binary
    handle = head.register_forward_pre_hook(lambda _, args: seen.append(args))
    parts = []
    try:
        for index in range(len(dataset)):
            data = model.data_preprocessor(pseudo_collate([dataset[index]]))
            (sample,) = model(**data, mode='predict')
            found = sample.pred_instances
            if len(found) == 0:
                continue
            feats, probs, labels, context = seen.pop()
            targets = detection_targets(
                select_by_label(probs, labels),
                found,
                sample.gt_instances,
                sample.get('ignored_instances'),
                mask_thr,
            )
            part = Detections(
                torch.full_like(labels, index),
                (feats.half(), probs.half(), labels, context),
                found.scores,
                *targets,
                to_results(found, sample.img_id, dataset.cat_ids),
            )
            parts.append(part)
    finally:
        handle.remove()
    if not parts:
        raise ValueError(
            f'The model detects nothing in {len(dataset)} images. Use the '
            'checkpoint of a trained detector, or lower '
            'test_cfg.rcnn.score_thr.'
        )
    return concatenate(parts)
