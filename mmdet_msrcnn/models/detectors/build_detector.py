"""Building a detector from its config."""

from mmdet.models.detectors.base import BaseDetector
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope


def build_detector(cfg: Config) -> BaseDetector:
    """Build the model of a config, with random weights.

    Args:
        cfg (:obj:`Config`): Whole config.

    Returns:
        :obj:`BaseDetector`: In training mode.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    return MODELS.build(cfg.model)
