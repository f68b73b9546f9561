"""Build-time checks of a RoI head; errors name the fix."""

from typing import Any

from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from torch import nn

from mmdet_msrcnn.models.checks import check_rank_by
from mmdet_msrcnn.models.mask_heads.base_mask_scorer import (
    DETECTIONS,
    POSITIVES,
    BaseMaskScorer,
)
from mmdet_msrcnn.models.mask_heads.mask_fusion import pool_kernel
from mmdet_msrcnn.utils.rank_by import CLASS_SCORE

FIELDS = (('mask_ious',), ('mask_ious', 'mask_scores'))
# Logged by mmdet's RoI heads.
TAKEN = {'loss_cls', 'loss_bbox', 'loss_mask', 'acc'}


def check_roi_head(roi_head: BaseRoIHead) -> None:
    """Check that the heads of a RoI head fit together.

    Args:
        roi_head (:obj:`BaseMaskScoringRoIHead`): The RoI head, built.

    Raises:
        TypeError: If the RoI head does not accept this type of scorer.
        ValueError: If two settings do not fit together.
    """
    for check in (
        check_type,
        check_num_classes,
        check_roi_feats,
        check_class_agnostic,
        check_mask_thr,
    ):
        check(roi_head)
    rank_by = (roi_head.test_cfg or {}).get('rank_by', CLASS_SCORE)
    check_rank_by('test_cfg.rcnn.rank_by', rank_by)


def as_list(modules: nn.Module) -> list[Any]:
    """Return the heads of all stages as a list."""
    return list(modules) if isinstance(modules, nn.ModuleList) else [modules]


def check_type(roi_head: BaseRoIHead) -> None:
    """Raise a TypeError if the RoI head does not accept the scorer."""
    head = roi_head.mask_iou_head
    cls = type(head)
    if not isinstance(head, BaseMaskScorer):
        raise TypeError(
            'mask_iou_head must be a subclass of BaseMaskScorer, got '
            f"{cls.__module__}.{cls.__name__}. Instead of mmdet's head, write "
            "type='mmdet_msrcnn.MaskIoUHead', with the scope: it loads the "
            'same checkpoints.'
        )
    check_scorer(cls)
    if head.trained_on != roi_head.trained_on:
        raise TypeError(
            f'{type(roi_head).__name__} does not accept '
            f'{type(head).__name__}, which is trained on {head.trained_on}. '
            'Use mmdet_msrcnn.MaskIoUHead with MaskScoringRoIHead or '
            'CascadeMaskScoringRoIHead, and mmdet_msrcnn.MaskScoreHead with '
            'DetectionScoringRoIHead or CascadeDetectionScoringRoIHead.'
        )


def check_scorer(cls: type[BaseMaskScorer]) -> None:
    """Raise a TypeError if a scorer does not declare what it must."""
    if cls.trained_on not in (POSITIVES, DETECTIONS):
        raise TypeError(
            f'{cls.__name__}.trained_on must be {POSITIVES!r} or '
            f'{DETECTIONS!r}, got {cls.trained_on!r}'
        )
    if cls.predicts not in FIELDS:
        raise TypeError(
            f"{cls.__name__}.predicts must be ('mask_ious',) or ('mask_ious', "
            f"'mask_scores'), got {cls.predicts}"
        )
    if not isinstance(cls.logs, tuple) or any(
        name in TAKEN or '.' in name for name in cls.logs
    ):
        raise TypeError(
            f'{cls.__name__}.logs must be a tuple of names without a dot, '
            f'other than {sorted(TAKEN)}, got {cls.logs!r}'
        )
    if cls.trained_on == POSITIVES and cls.num_context_features:
        raise TypeError(
            f'{cls.__name__} reads {cls.num_context_features} features of '
            'detections, but positives have none. Set num_context_features = '
            f'0, or trained_on = {DETECTIONS!r}.'
        )


def check_num_classes(roi_head: BaseRoIHead) -> None:
    """Raise a ValueError if the heads disagree on ``num_classes``."""
    num_classes = {}
    for name in ('bbox_head', 'mask_head', 'mask_iou_head'):
        heads = as_list(getattr(roi_head, name))
        for i, head in enumerate(heads):
            stage = f'[{i}]' if len(heads) > 1 else ''
            num_classes[name + stage] = head.num_classes
    if len(set(num_classes.values())) > 1:
        raise ValueError(
            f'The heads of roi_head disagree on num_classes: {num_classes}. '
            'Set the number of classes of your data set in bbox_head and '
            'mask_head; leave it out of mask_iou_head, which follows '
            'bbox_head.'
        )


def check_roi_feats(roi_head: BaseRoIHead) -> None:
    """Raise a ValueError if the RoI features do not fit the MaskIoU head."""
    head = roi_head.mask_iou_head
    extractor = roi_head.mask_iou_roi_extractor
    size = head.roi_feat_size
    if extractor is None and roi_head.with_shared_head:
        # The output size of a shared head is not known before forward.
        channels = as_list(roi_head.mask_head)[-1].in_channels
    else:
        extractor = extractor or as_list(roi_head.mask_roi_extractor)[-1]
        channels = extractor.out_channels
        size = extractor.roi_layers[0].output_size[0]
    if (channels, size) != (head.in_channels, head.roi_feat_size):
        raise ValueError(
            f'mask_iou_head has in_channels={head.in_channels} and '
            f'roi_feat_size={head.roi_feat_size}, but its RoI features have '
            f'{channels} channels and size {size}. Make them equal, or give '
            'it an extractor with mask_iou_roi_extractor.'
        )
    mask_size = (roi_head.mask_iou_train_cfg or {}).get('mask_size', size)
    if head.fusion.unpooled and size != mask_size:
        raise ValueError(
            f'The fusion of mask_iou_head needs RoI features of the size of '
            f'the mask, {mask_size}, but they have size {size}. Set '
            f'mask_iou_head.roi_feat_size={mask_size}, and '
            f'mask_iou_roi_extractor with output_size={mask_size}.'
        )
    if isinstance(mask_size, int):
        pool_kernel((mask_size, mask_size), (size, size))


def check_class_agnostic(roi_head: BaseRoIHead) -> None:
    """Raise a ValueError if there are fewer masks than the head needs."""
    agnostic = any(h.class_agnostic for h in as_list(roi_head.mask_head))
    if agnostic and roi_head.mask_iou_head.needs_all_masks:
        raise ValueError(
            "mask_iou_head.fusion='all_masks' and target_classes='present' "
            'need a mask per class, but mask_head has class_agnostic=True. '
            "Set it to False, or use fusion='concat' and "
            "target_classes='true'."
        )


def check_mask_thr(roi_head: BaseRoIHead) -> None:
    """Raise a ValueError if masks are not binarised at a probability.

    At test time it may be negative: mmdet then returns soft masks with values
    from 0 to 255.
    """
    last = '[-1]' if isinstance(roi_head.train_cfg, list | tuple) else ''
    for name, cfg in (
        (f'train_cfg.rcnn{last}', roi_head.mask_iou_train_cfg),
        ('test_cfg.rcnn', roi_head.test_cfg),
    ):
        if cfg is None:
            continue
        mask_thr = cfg.get('mask_thr_binary')
        allowed = isinstance(mask_thr, int | float) and (
            0 < mask_thr < 1 or (mask_thr < 0 and name == 'test_cfg.rcnn')
        )
        if not allowed:
            raise ValueError(
                f'{name}.mask_thr_binary must be a probability in (0, 1), '
                f'got {mask_thr!r}. Use 0.5, the threshold at which masks are '
                'pasted.'
            )
