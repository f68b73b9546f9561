"""Where the feature pyramid of a detector comes from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import torch
from mmdet.models.detectors.base import BaseDetector
from torch import Tensor, nn

# Coarser levels are for RPNs and large boxes; RoIs have enough cells here.
MAX_STRIDE = 32
# A multiple of every stride
TEST_SIZE = 256

Pyramid = tuple[Tensor, ...]


class PyramidSource(NamedTuple):
    """Module whose output is the feature pyramid.

    Attributes:
        module (str): Name of the submodule.
        levels (Callable): Converts its output to levels, the finest first.
    """

    module: str
    levels: Callable[..., Pyramid]


def finest_first(output: tuple[Tensor, list[Tensor]]) -> Pyramid:
    """Order the outputs of mmdet's MSDeformAttnPixelDecoder.

    Args:
        output (tuple): Features for the masks, at the finest stride, and a
            list of features for the queries, the coarsest first.

    Returns:
        tuple[Tensor]: All levels, the finest first.
    """
    mask_feats, memories = output
    return (mask_feats, *reversed(memories))


# By the name of a detector class; others have a neck, or only a backbone.
SOURCES = {
    'Mask2Former': PyramidSource('panoptic_head.pixel_decoder', finest_first)
}
NECK, BACKBONE = PyramidSource('neck', tuple), PyramidSource('backbone', tuple)


def pyramid_source(detector: BaseDetector) -> PyramidSource:
    """Find the module whose output is the feature pyramid of a detector.

    Args:
        detector (BaseDetector): Any detector of mmdet.

    Returns:
        PyramidSource: Of its class or a parent class in ``SOURCES``;
        otherwise the neck, or the backbone if there is no neck.
    """
    for cls in type(detector).__mro__:
        if cls.__name__ in SOURCES:
            return SOURCES[cls.__name__]
    return NECK if detector.with_neck else BACKBONE


def pyramid_of(detector: BaseDetector, batch_inputs: Tensor) -> Pyramid:
    """Compute the feature pyramid of a detector.

    Args:
        detector (BaseDetector): Any detector of mmdet.
        batch_inputs (Tensor): Images, shape (N, C, H, W).

    Returns:
        tuple[Tensor]: Levels, the finest first.
    """
    with recorded_pyramid(detector) as pyramids:
        feats = detector.extract_feat(batch_inputs)
        if not pyramids:
            # It is a part of a head.
            detector.get_submodule(pyramid_source(detector).module)(feats)
    return pyramids[0]


@contextmanager
def recorded_pyramid(detector: BaseDetector) -> Iterator[list[Pyramid]]:
    """Record the feature pyramid of each run of a detector.

    So features are computed once for the detector and for a scorer.

    Args:
        detector (BaseDetector): Any detector of mmdet.

    Yields:
        list[tuple[Tensor]]: The pyramid of each run, filled while it runs.
    """
    source = pyramid_source(detector)
    pyramids: list[Pyramid] = []

    def record(module: nn.Module, args: tuple, output: object) -> None:
        pyramids.append(source.levels(output))

    module = detector.get_submodule(source.module)
    handle = module.register_forward_hook(record)
    try:
        yield pyramids
    finally:
        handle.remove()


@torch.no_grad()
def pyramid_layout(detector: BaseDetector) -> tuple[list[int], list[int]]:
    """Measure the channels and strides of a detector's pyramid.

    Args:
        detector (BaseDetector): In eval mode.

    Returns:
        tuple[list[int], list[int]]: Channels and strides of the levels with a
        stride of at most 32, the finest first; at least one level.
    """
    levels = pyramid_of(detector, torch.zeros(1, 3, TEST_SIZE, TEST_SIZE))
    layout = [(x.shape[1], TEST_SIZE // x.shape[-1]) for x in levels]
    kept = [pair for pair in layout if pair[1] <= MAX_STRIDE] or layout[:1]
    channels, strides = zip(*kept, strict=True)
    return list(channels), list(strides)
