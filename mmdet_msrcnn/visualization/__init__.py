from mmdet_msrcnn.visualization.mask_scoring_visualizer import (
    MaskScoringVisualizer,
)

__all__ = ['MaskScoringVisualizer']
