"""Checks of a detector that is to be exported."""

from typing import Any

from mmdet.models.data_preprocessors import DetDataPreprocessor
from mmdet.models.dense_heads import RPNHead
from mmdet.models.detectors import (
    CascadeRCNN,
    MaskRCNN,
    MaskScoringRCNN,
    TwoStageDetector,
)
from mmdet.models.roi_heads import CascadeRoIHead, StandardRoIHead
from mmdet.models.roi_heads.bbox_heads import (
    ConvFCBBoxHead,
    Shared2FCBBoxHead,
    Shared4Conv1FCBBoxHead,
)
from mmdet.models.roi_heads.bbox_heads.bbox_head import BBoxHead
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetFCNMaskHead
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder
from mmdet.models.task_modules.prior_generators import AnchorGenerator
from torch import nn

from mmdet_msrcnn.models.detectors.frozen_two_stage import (
    FrozenTwoStageDetector,
)
from mmdet_msrcnn.models.mask_heads.fcn_mask_head import FCNMaskHead
from mmdet_msrcnn.models.roi_heads.cascade_detection_scoring_roi_head import (
    CascadeDetectionScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.cascade_mask_scoring_roi_head import (
    CascadeMaskScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.detection_scoring_roi_head import (
    DetectionScoringRoIHead,
)
from mmdet_msrcnn.models.roi_heads.mask_scoring_roi_head import (
    MaskScoringRoIHead,
)

# The path of a part in the model, and its classes that are exported.
PARTS: dict[str, tuple[type, ...]] = {
    '': (
        MaskRCNN,
        MaskScoringRCNN,
        CascadeRCNN,
        TwoStageDetector,
        FrozenTwoStageDetector,
    ),
    'data_preprocessor': (DetDataPreprocessor,),
    'rpn_head': (RPNHead,),
    'rpn_head.prior_generator': (AnchorGenerator,),
    'rpn_head.bbox_coder': (DeltaXYWHBBoxCoder,),
    'roi_head.bbox_head': (
        BBoxHead,
        ConvFCBBoxHead,
        Shared2FCBBoxHead,
        Shared4Conv1FCBBoxHead,
    ),
    'roi_head.bbox_head.bbox_coder': (DeltaXYWHBBoxCoder,),
    'roi_head': (
        StandardRoIHead,
        CascadeRoIHead,
        MaskScoringRoIHead,
        DetectionScoringRoIHead,
        CascadeMaskScoringRoIHead,
        CascadeDetectionScoringRoIHead,
    ),
    'roi_head.mask_head': (FCNMaskHead, MMDetFCNMaskHead),
    'roi_head.bbox_roi_extractor': (SingleRoIExtractor,),
    'roi_head.mask_roi_extractor': (SingleRoIExtractor,),
    'roi_head.mask_iou_roi_extractor': (SingleRoIExtractor, type(None)),
}


def check_exportable(model: nn.Module) -> None:
    """Check that a detector is of a kind that can be exported.

    Args:
        model (nn.Module): Detector.

    Raises:
        TypeError: If it or one of its parts has another class, or is set to
            predict in another way.
    """
    for path, allowed in PARTS.items():
        for part in parts_at(model, path):
            if type(part) not in allowed:
                raise TypeError(_message(f'model.{path}', part, allowed))
    for head in parts_at(model, 'roi_head.bbox_head'):
        if head.custom_activation or not head.with_reg:
            raise TypeError(
                'model.roi_head.bbox_head must use softmax and regress boxes '
                f'to be exported, got loss_cls {type(head.loss_cls).__name__} '
                f'and with_reg={head.with_reg}'
            )
    test_cfg: Any = model.test_cfg
    thr = test_cfg.rcnn.mask_thr_binary
    if not 0 <= thr <= 1:
        raise TypeError(
            'model.test_cfg.rcnn.mask_thr_binary must be in [0, 1] to be '
            f'exported, got {thr}'
        )


def parts_at(model: nn.Module, path: str) -> list:
    """Find the parts at a path; a Cascade has one for each stage.

    Args:
        model (nn.Module): Detector.
        path (str): Names joined by dots, such as 'roi_head.bbox_head'.

    Returns:
        list: Parts.
    """
    found: list[Any] = [model]
    for name in filter(None, path.split('.')):
        found = [getattr(part, name, None) for part in found]
        found = [
            inner
            for part in found
            for inner in (part if isinstance(part, nn.ModuleList) else [part])
        ]
    return found


def _message(name: str, part: object, allowed: tuple[type, ...]) -> str:
    found = f'{type(part).__module__}.{type(part).__name__}'
    kinds = ', '.join(kind.__name__ for kind in allowed)
    return (
        f'{name.rstrip(".")} is a {found}, which cannot be exported. '
        f'Allowed: {kinds}. Without --detector, the head that scores masks '
        'is exported alone.'
    )
