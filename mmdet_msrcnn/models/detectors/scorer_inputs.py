"""Inputs of a scorer from what any detector predicts."""

from collections.abc import Sequence

import torch
from mmdet.models.detectors.base import BaseDetector
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from mmdet.structures import DetDataSample, SampleList
from mmdet.structures.bbox import bbox2roi
from mmdet.utils import InstanceList
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.detectors.mask_scored_checks import (
    check_levels,
    check_results,
    check_runs,
)
from mmdet_msrcnn.models.detectors.pyramids import Pyramid, pyramid_source
from mmdet_msrcnn.models.targets.whole_masks import crop_masks, mask_boxes


def levels_of(
    pyramids: list[Pyramid],
    detector: BaseDetector,
    extractor: BaseRoIExtractor,
    batch_inputs: Tensor,
) -> tuple[Tensor, ...]:
    """Select the levels that an extractor reads, and check them.

    Args:
        pyramids (list[tuple[Tensor]]): From :func:`recorded_pyramid`.
        detector (BaseDetector): The detector.
        extractor (BaseRoIExtractor): RoI extractor of the scorer.
        batch_inputs (Tensor): Images, shape (N, C, H, W).

    Returns:
        tuple[Tensor]: The levels, the finest first.

    Raises:
        RuntimeError: If the features were not computed once.
        ValueError: If they do not fit the extractor.
    """
    check_runs(pyramids, pyramid_source(detector).module)
    levels = pyramids[0][: extractor.num_inputs]
    check_levels(levels, extractor, batch_inputs.shape[-1])
    return levels


def scorer_inputs(
    roi_extractor: BaseRoIExtractor,
    mask_size: int,
    levels: tuple[Tensor, ...],
    results: InstanceList,
    scales: Sequence[tuple[float, float]],
) -> tuple[Tensor, Tensor, InstanceList]:
    """Compute RoI features, masks, and detections with RoIs as boxes.

    Args:
        roi_extractor (BaseRoIExtractor): RoI extractor of the scorer.
        mask_size (int): Size of its masks.
        levels (tuple[Tensor]): Levels that the extractor reads.
        results (list[:obj:`InstanceData`]): Detections of each image.
        scales (list[tuple[float, float]]): Size of the input / size of
            the results, horizontally and vertically, of each image.

    Returns:
        tuple: Features, shape (K, C, h, w); masks, shape
        (K, 1, mask_size, mask_size); and detections of each image.
    """
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
            # mmdet's SOLO returns floats if it detects nothing.
            labels=result.labels.long(),
            masks=result.masks.bool(),
        )
        for result, image_boxes in zip(results, boxes, strict=True)
    ]
    return (
        roi_extractor(levels, rois),
        torch.cat(probs)[:, None],
        dets,
    )


def input_scales(
    data_samples: SampleList, rescaled: bool
) -> list[tuple[float, float]]:
    """Compute the size of the input / size of the results.

    Args:
        data_samples (list[:obj:`DetDataSample`]): Predictions.
        rescaled (bool): Whether they have the original image's size.

    Returns:
        list[tuple[float, float]]: (horizontal, vertical) of each image.
    """
    return [
        sample.metainfo.get('scale_factor', (1, 1)) if rescaled else (1, 1)
        for sample in data_samples
    ]


def unpadded_shape(metainfo: dict) -> tuple[int, int]:
    """Compute the size of an image in the network's input, without padding.

    Args:
        metainfo (dict): Meta information. A ``Pad`` has changed ``img_shape``
            to the padded size; a crop has made it smaller.

    Returns:
        tuple[int, int]: Height and width.
    """
    width_factor, height_factor = metainfo.get('scale_factor', (1, 1))[:2]
    height, width = metainfo.get('ori_shape', metainfo['img_shape'])[:2]
    shape = metainfo['img_shape']
    return (
        min(shape[0], round(height * height_factor)),
        min(shape[1], round(width * width_factor)),
    )


def input_sample(sample: DetDataSample) -> DetDataSample:
    """Make a sample whose predictions have the size of the input.

    Args:
        sample (:obj:`DetDataSample`): Training sample.

    Returns:
        :obj:`DetDataSample`: Its meta information, without padding, as at
        test, and without ground truth.
    """
    shape = unpadded_shape(sample.metainfo)
    changed = dict(
        img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0), flip=False
    )
    return DetDataSample(metainfo=sample.metainfo | changed)
