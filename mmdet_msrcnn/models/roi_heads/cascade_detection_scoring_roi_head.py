"""Cascade RoI head that trains its scorer on its own detections."""

from mmdet_msrcnn.models.roi_heads.base_cascade_mask_scoring_roi_head import (
    BaseCascadeMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.detection_scoring import DetectionScoring
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class CascadeDetectionScoringRoIHead(
    DetectionScoring, BaseCascadeMaskScoringRoIHead
):
    """Cascade RoI head whose scorer is trained on its own detections.

    The detections are those of the whole cascade.

    Arguments and errors are those of :class:`DetectionScoring` and
    :class:`CascadeRoIHead`.
    """
