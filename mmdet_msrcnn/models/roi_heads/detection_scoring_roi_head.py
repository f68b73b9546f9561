"""RoI head that trains its scorer on its own detections."""

from mmdet_msrcnn.models.roi_heads.detection_scoring import DetectionScoring
from mmdet_msrcnn.models.roi_heads.standard_mask_scoring_roi_head import (
    StandardMaskScoringRoIHead,
)
from mmdet_msrcnn.registry import MODELS


@MODELS.register_module()
class DetectionScoringRoIHead(DetectionScoring, StandardMaskScoringRoIHead):
    """Standard RoI head whose scorer is trained on its own detections.

    Arguments and errors are those of :class:`DetectionScoring` and
    :class:`StandardRoIHead`.
    """
