"""Whether a detector scores masks."""

from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from torch import nn

from mmdet_msrcnn.models.mask_heads.base_mask_scorer import BaseMaskScorer
from mmdet_msrcnn.utils.rank_by import MASK_SCORE


def has_scorer(model: nn.Module) -> bool:
    """Return whether a detector has a head that scores masks."""
    return any(isinstance(part, BaseMaskScorer) for part in model.modules())


def check_ranking(model: nn.Module) -> None:
    """Check that a detector has the scores by which it ranks.

    Args:
        model (nn.Module): Detector. mmdet's RoI heads ignore ``rank_by``.

    Raises:
        TypeError: If the MaskIoU head is mmdet's, which overwrites the class
            scores with the mask scores.
        ValueError: If ``rank_by`` needs mask scores, but it has none.
    """
    head = getattr(getattr(model, 'roi_head', None), 'mask_iou_head', None)
    if isinstance(head, MMDetMaskIoUHead):
        raise TypeError(
            "The MaskIoU head is mmdet's own, which overwrites the class "
            'scores with the mask scores. Use a config of '
            "configs/ms_rcnn; checkpoints of mmdet's head fit them."
        )
    rcnn = (getattr(model, 'test_cfg', None) or {}).get('rcnn') or {}
    if rcnn.get('rank_by') == MASK_SCORE and not has_scorer(model):
        raise ValueError(
            f'test_cfg.rcnn.rank_by={MASK_SCORE!r} needs a RoI head that '
            'scores masks, such as those of configs/ms_rcnn'
        )
