"""Inputs of a scorer from what any detector predicts."""

from collections.abc import Sequence

import torch
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.detectors.mask_scored_checks import (
    check_levels,
    check_results,
)
from mmdet_msrcnn.models.detectors.pyramids import Pyramid
from mmdet_msrcnn.models.targets.whole_masks import crop_masks, mask_boxes


def scorer_inputs(
    roi_extractor: BaseRoIExtractor,
    mask_size: int,
    pyramids: list[Pyramid],
    results: InstanceList,
    scales: Sequence[tuple[float, float]],
) -> tuple[Tensor, Tensor, InstanceList]:
    """Compute RoI features, masks, and detections with RoIs as boxes.

    Args:
        roi_extractor (BaseRoIExtractor): RoI extractor of the scorer.
        mask_size (int): Size of its masks.
        pyramids (list[tuple[Tensor]]): Recorded features: one pyramid of
            all images.
        results (list[:obj:`InstanceData`]): Detections of each image.
        scales (list[tuple[float, float]]): Size of the input / size of
            the results, horizontally and vertically, of each image.

    Returns:
        tuple: Features, shape (K, C, h, w); masks, shape
        (K, 1, mask_size, mask_size); and detections of each image.
    """
    (x,) = pyramids
    levels = x[: roi_extractor.num_inputs]
    check_levels(levels, roi_extractor)
    check_results(results)
    boxes = [mask_boxes(result) for result in results]
    rois = bbox2roi(
        [
            image_boxes * image_boxes.new_tensor(scale).repeat(2)
            for image_boxes, scale in zip(boxes, scales, strict=True)
        ]
    )
    probs = [
        crop_masks(result.masks, image_boxes, mask_size)
        for result, image_boxes in zip(results, boxes, strict=True)
    ]
    dets = [
        InstanceData(
            bboxes=image_boxes,
            scores=result.scores,
            labels=result.labels,
            masks=result.masks,
        )
        for result, image_boxes in zip(results, boxes, strict=True)
    ]
    return (
        roi_extractor(levels, rois),
        torch.cat(probs)[:, None],
        dets,
    )
