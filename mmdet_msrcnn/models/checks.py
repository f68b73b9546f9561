"""Checks at build time, each of which names the value and the fix."""

import inspect
from collections.abc import Collection

from mmdet.models.roi_heads.base_roi_head import BaseRoIHead
from torch import nn

from mmdet_msrcnn.models.mask_heads.mask_fusion import pool_kernel
from mmdet_msrcnn.registry import MODELS


def as_list(modules: nn.Module) -> list[nn.Module]:
    """The heads of every stage, of which most RoI heads have one."""
    return list(modules) if isinstance(modules, nn.ModuleList) else [modules]


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise a ValueError that names the allowed values.

    Args:
        name (str): The argument, such as ``mask_iou_head.fusion``.
        value (str): What was given.
        choices (Collection[str]): What is allowed.
    """
    if value not in choices:
        raise ValueError(
            f'{name} must be one of {list(choices)}, got {value!r}'
        )


def check_range(
    name: str, value: float, low: float, high: float = float('inf')
) -> None:
    """Raise a ValueError that names the allowed range, [low, high).

    Args:
        name (str): The argument, such as ``mask_iou_head.loss_iou.tau``.
        value (float): What was given.
        low (float): The lowest allowed value.
        high (float): What it must stay below. Defaults to infinity.
    """
    is_number = isinstance(value, int | float)
    if not is_number or not low <= value < high:
        allowed = (
            f'>= {low}' if high == float('inf') else f'in [{low}, {high})'
        )
        raise ValueError(f'{name} must be {allowed}, got {value!r}')


def _keywords(cls: type) -> list[str] | None:
    """Arguments of a class and of those that it hands ``**kwargs`` to.

    Returns:
        list[str] | None: Their names, None if any are taken.
    """
    names = []
    for base in cls.__mro__:
        if '__init__' not in vars(base):
            continue
        _, *parameters = inspect.signature(base.__init__).parameters.values()
        any_other = [p for p in parameters if p.kind is p.VAR_KEYWORD]
        names += [p.name for p in parameters if p not in any_other]
        if not any_other:
            return list(dict.fromkeys(names))
        if not base.__module__.startswith('mmdet_msrcnn.'):
            # It may take them itself.
            return None
    return None


def build(name: str, cfg: dict) -> nn.Module:
    """Build a part of the config, with an error that names a mistyped key.

    Args:
        name (str): Where it is in the config, such as ``mask_iou_head``.
        cfg (dict): Its config.

    Returns:
        nn.Module: The part.

    Raises:
        TypeError: If it has a key that the class does not take.
    """
    cls = cfg['type']
    if isinstance(cls, str):
        with MODELS.switch_scope_and_registry(cfg.get('_scope_')) as registry:
            cls = registry.get(cls)
    if inspect.isclass(cls):
        allowed = _keywords(cls)
        known = cfg if allowed is None else allowed
        unknown = sorted(cfg.keys() - {'type', '_scope_', *known})
        if unknown:
            value = f'{unknown[0]}={cfg[unknown[0]]!r}'
            raise TypeError(
                f'{name} takes no {value}; {cls.__name__} has {allowed}'
            )
    return MODELS.build(cfg)


def check_type(roi_head: BaseRoIHead) -> None:
    """Raise a TypeError if the MaskIoU head is not the RoI head's kind."""
    head = roi_head.mask_iou_head
    if not hasattr(head, 'needs_all_masks'):
        cls = type(head)
        raise TypeError(
            f'mask_iou_head is {cls.__module__}.{cls.__name__}, which cannot '
            "keep the scores apart. Write type='mmdet_msrcnn.MaskIoUHead', "
            'with the scope: its weights fit.'
        )
    if head.scores_detections != roi_head.scores_detections:
        raise TypeError(
            f'{type(roi_head).__name__} takes no {type(head).__name__}. '
            'MaskScoringRoIHead and CascadeMaskScoringRoIHead go with a '
            'mmdet_msrcnn.MaskIoUHead, DetectionScoringRoIHead with a '
            'mmdet_msrcnn.MaskScoreHead.'
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
        # The size that a shared head leaves is not known before forward.
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
            'it an extractor by mask_iou_roi_extractor.'
        )
    mask_size = (roi_head.mask_iou_train_cfg or {}).get('mask_size', size)
    if head.fusion.unpooled and size != mask_size:
        raise ValueError(
            f'The fusion of mask_iou_head takes RoI features of the size of '
            f'the mask, {mask_size}, but they have size {size}. Set '
            f'mask_iou_head.roi_feat_size={mask_size} and give it an '
            f'extractor of output_size={mask_size} by '
            'mask_iou_roi_extractor.'
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

    At test it may be negative: mmdet then gives soft masks of 0 to 255.
    """
    last = '[-1]' if isinstance(roi_head.train_cfg, list | tuple) else ''
    for name, cfg in (
        (f'train_cfg.rcnn{last}', roi_head.mask_iou_train_cfg),
        ('test_cfg.rcnn', roi_head.test_cfg),
    ):
        if cfg is None:
            continue
        mask_thr = cfg.get('mask_thr_binary')
        allowed = mask_thr is not None and (
            0 < mask_thr < 1 or (mask_thr < 0 and name == 'test_cfg.rcnn')
        )
        if not allowed:
            raise ValueError(
                f'{name}.mask_thr_binary must be a probability in (0, 1), '
                f'got {mask_thr}. Use 0.5, the threshold at which masks are '
                'pasted.'
            )
