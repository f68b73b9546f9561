"""Checks of a detector around any instance segmentation model."""

import torch
from mmdet.models.detectors.base import BaseDetector
from mmdet.models.roi_heads.roi_extractors.base_roi_extractor import (
    BaseRoIExtractor,
)
from mmdet.utils import InstanceList
from mmengine.model import BaseModel
from torch import Tensor

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    DETECTIONS,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import pool_kernel
from mmdet_msrcnn.models.roi_heads.checks import check_scorer


def check_detector(detector: BaseModel) -> None:
    """Raise a TypeError if a model is no detector with a backbone."""
    parts = dict(detector.named_children())
    if not isinstance(detector, BaseDetector) or 'backbone' not in parts:
        raise TypeError(
            'model.detector must be a detector of mmdet with a backbone, got '
            f'{type(detector).__name__}. If it has a detector inside, such as '
            'a student or a teacher, use the config of that.'
        )


def check_parts(
    scorer: BaseMaskScorer, extractor: BaseRoIExtractor, mask_size: int
) -> None:
    """Check that the parts that score masks fit together.

    Args:
        scorer (BaseMaskScorer): The scorer.
        extractor (BaseRoIExtractor): Its RoI extractor.
        mask_size (int): Size of the masks that it reads.

    Raises:
        TypeError: If the scorer is of another kind.
        ValueError: If sizes do not fit, or the extractor has parameters.
    """
    if (
        not isinstance(scorer, BaseMaskScorer)
        or scorer.trained_on != DETECTIONS
    ):
        raise TypeError(
            'MaskScoredDetector trains its scorer on detections. '
            f'{type(scorer).__name__} cannot be trained on them. Use '
            "mask_iou_head=dict(type='mmdet_msrcnn.MaskScoreHead', ...)."
        )
    check_scorer(type(scorer))
    if scorer.needs_all_masks:
        raise ValueError(
            "mask_iou_head.fusion='all_masks' needs a mask per class, but a "
            "detection has one. Use fusion='concat'."
        )
    if any(True for _ in extractor.parameters()):
        raise ValueError(
            f'model.roi_extractor, a {type(extractor).__name__}, has '
            'parameters, which would stay random. Use SingleRoIExtractor, or '
            'GenericRoIExtractor without pre_cfg and post_cfg.'
        )
    channels = extractor.out_channels
    size = extractor.roi_layers[0].output_size[0]
    if (channels, size) != (scorer.in_channels, scorer.roi_feat_size):
        raise ValueError(
            f'mask_iou_head has in_channels={scorer.in_channels} and '
            f'roi_feat_size={scorer.roi_feat_size}, but model.roi_extractor '
            f'gives {channels} channels and size {size}. Make them equal.'
        )
    if scorer.fusion.unpooled and size != mask_size:
        raise ValueError(
            f"mask_iou_head.fusion='hr_roi' needs RoI features of the size of "
            f'the mask, {mask_size}, but they have size {size}. Set the '
            'output_size of model.roi_extractor and roi_feat_size to it.'
        )
    pool_kernel((mask_size, mask_size), (size, size))


def check_runs(pyramids: list, module: str) -> None:
    """Check that the features of a detector were computed once.

    Args:
        pyramids (list): From :func:`recorded_pyramid`.
        module (str): Name of the module that computes them.

    Raises:
        RuntimeError: If it ran never or more than once.
    """
    if len(pyramids) != 1:
        raise RuntimeError(
            f'model.detector.{module} ran {len(pyramids)} times in one '
            'prediction, so it is not known which output has the features. '
            'Name another module in SOURCES of '
            'mmdet_msrcnn/models/detectors/pyramids.py.'
        )


def check_levels(
    levels: tuple[Tensor, ...], extractor: BaseRoIExtractor, width: int
) -> None:
    """Check that the pyramid of a detector is the one of an extractor.

    Args:
        levels (tuple[Tensor]): Features of the detector.
        extractor (BaseRoIExtractor): The RoI extractor.
        width (int): Width of the network's input.

    Raises:
        ValueError: If the number of levels, their channels or their strides
            do not fit.
    """
    strides = extractor.featmap_strides
    channels = [level.shape[1] for level in levels]
    total = sum(channels)
    allowed = {total} if _concatenates(extractor) else {*channels}
    # Padded convolutions round sizes up.
    fits = len(levels) == len(strides) and all(
        abs(level.shape[-1] - width / stride) <= 1
        for level, stride in zip(levels, strides, strict=True)
    )
    if not fits or allowed != {extractor.out_channels}:
        measured = [round(width / level.shape[-1]) for level in levels]
        raise ValueError(
            f'model.roi_extractor has out_channels={extractor.out_channels} '
            f'and featmap_strides={list(strides)}, but the pyramid of the '
            f'detector has levels with {channels} channels and the strides '
            f'{measured}. Make them equal; levels with different channels '
            "need type='GenericRoIExtractor', aggregation='concat' and "
            f'out_channels={total}.'
        )


def _concatenates(extractor: BaseRoIExtractor) -> bool:
    return getattr(extractor, 'aggregation', '') == 'concat'


def check_results(results: InstanceList) -> None:
    """Check that a detector predicts what is scored.

    Args:
        results (list[:obj:`InstanceData`]): Detections of each image.

    Raises:
        TypeError: If it predicts no masks, or soft ones.
    """
    for result in results:
        missing = {'masks', 'scores', 'labels'} - {*result.keys()}
        if missing:
            raise TypeError(
                f'model.detector predicts {sorted(result.keys())}, without '
                f'{sorted(missing)}. It must be an instance segmentation '
                'model.'
            )
        masks = result.masks
        dtype = getattr(masks, 'dtype', None)
        # mmdet's SOLO returns floats if it detects nothing.
        if len(result) and dtype != torch.bool:
            raise TypeError(
                f'model.detector predicts masks as {dtype or type(masks)}, '
                'but they must be a bool tensor. For soft masks set '
                'mask_thr_binary in its test_cfg to a probability.'
            )
