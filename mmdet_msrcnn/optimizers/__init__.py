"""Optimizer settings of mask scoring, registered when imported."""

from mmdet_msrcnn.optimizers.clip_apart import (
    ClipApartOptimWrapperConstructor,
)

__all__ = ['ClipApartOptimWrapperConstructor']
