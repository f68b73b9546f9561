"""RoI heads that train their scorer on their own detections."""

from mmdet_msrcnn.models.roi_heads.base_cascade_mask_scoring_roi_head import (
    BaseCascadeMaskScoringRoIHead,
)
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


@MODELS.register_module()
class CascadeDetectionScoringRoIHead(
    DetectionScoring, BaseCascadeMaskScoringRoIHead
):
    """Cascade RoI head whose scorer is trained on its own detections.

    The detections are those of the whole cascade.

    Arguments and errors are those of :class:`DetectionScoring` and
    :class:`CascadeRoIHead`.
    """
