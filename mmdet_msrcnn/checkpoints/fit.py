"""Checks that a checkpoint fits a model."""

import copy
from collections.abc import Collection
from typing import NamedTuple

import torch
from mmengine.config import Config

from mmdet_msrcnn.models.detectors.build_detector import build_detector


def few(names: Collection[str]) -> str:
    """List the first five names, and the number of names if there are more."""
    rest = f', ... ({len(names)} in all)' if len(names) > 5 else ''
    return ', '.join(sorted(map(str, names))[:5]) + rest


def model_shapes(cfg: Config) -> dict[str, torch.Size]:
    """Return the shapes of a model's parameters and buffers, by name."""
    model = build_detector(copy.deepcopy(cfg))
    return {name: value.shape for name, value in model.state_dict().items()}


def num_classes(shapes: dict[str, torch.Size]) -> int | None:
    """Return the number of classes without background, None if unknown."""
    rows = [s[0] for k, s in shapes.items() if k.endswith('fc_cls.weight')]
    return rows[0] - 1 if rows else None


def has_mask_iou_head(names: Collection[str]) -> bool:
    """Return whether any tensor belongs to a MaskIoU head."""
    return any('.mask_iou_head.' in f'.{name}' for name in names)


def shapes_of(state_dict: dict) -> dict[str, torch.Size]:
    """Return shapes by name, without batch counts, which old files lack."""
    return {
        name.removeprefix('module.'): value.shape
        for name, value in state_dict.items()
        if isinstance(value, torch.Tensor)
        and not name.endswith('.num_batches_tracked')
    }


class Fit(NamedTuple):
    """Differences between the tensors of a checkpoint and of a model.

    Attributes:
        missing (list[str]): Names that the checkpoint does not have.
        unknown (list[str]): Names that the model does not have.
        unfit (list[str]): Names of tensors with different shapes.
    """

    missing: list[str]
    unknown: list[str]
    unfit: list[str]


def compare(
    loaded: dict[str, torch.Size], expected: dict[str, torch.Size]
) -> Fit:
    """Compare a checkpoint with a model.

    Args:
        loaded (dict[str, torch.Size]): Shapes in the checkpoint.
        expected (dict[str, torch.Size]): Shapes in the model.

    Returns:
        Fit: The names that differ, in their order.
    """
    return Fit(
        [name for name in expected if name not in loaded],
        [name for name in loaded if name not in expected],
        [k for k, s in expected.items() if loaded.get(k, s) != s],
    )


def check_loaded(
    loaded: dict[str, torch.Size], expected: dict[str, torch.Size]
) -> None:
    """Check that a checkpoint has every tensor of a model.

    Args:
        loaded (dict[str, torch.Size]): Shapes in the checkpoint.
        expected (dict[str, torch.Size]): Shapes in the model.

    Raises:
        ValueError: If a tensor is missing from the checkpoint or has another
            shape there.
    """
    fit = compare(loaded, expected)
    if not fit.missing and not fit.unfit:
        return
    theirs, ours = num_classes(loaded), num_classes(expected)
    if None not in (theirs, ours) and theirs != ours:
        fix = (
            f'It has {theirs} classes, the config {ours}: test it with a '
            'config for its classes, or train from it (load_from), which '
            'keeps the tensors that fit.'
        )
    elif has_mask_iou_head(fit.missing) and not has_mask_iou_head(loaded):
        fix = (
            'It has no MaskIoU head: test it with a config of '
            'configs/mask_rcnn, or train the head on top of it '
            '(configs/ms_rcnn/ms-rcnn_r50_fpn_freeze_6e_coco.py).'
        )
    else:
        fix = 'Use the config that it was trained with.'
    raise ValueError(
        'The checkpoint does not fit the config. Missing in the checkpoint: '
        f'{few(fit.missing) or "nothing"}. Of another shape: '
        f'{few(fit.unfit) or "nothing"}. {fix}'
    )


def check_fit(
    loaded: dict[str, torch.Size], expected: dict[str, torch.Size]
) -> None:
    """Check that a checkpoint fits a model exactly.

    Args:
        loaded (dict[str, torch.Size]): Shapes in the checkpoint.
        expected (dict[str, torch.Size]): Shapes in the model.

    Raises:
        ValueError: If names or shapes differ.
    """
    missing, unknown, unfit = compare(loaded, expected)
    if not has_mask_iou_head(loaded):
        raise ValueError(
            'The checkpoint has no MaskIoU head: it is a Mask R-CNN. To '
            'train the head on top of it, see "Mask scoring for a model you '
            'already have" in configs/ms_rcnn/README.md '
            '(ms-rcnn_r50_fpn_freeze_6e_coco.py).'
        )
    if missing or unknown:
        raise ValueError(
            f'The checkpoint does not fit CONFIG. Missing in the checkpoint: '
            f'{few(missing) or "nothing"}. Unknown to CONFIG: '
            f'{few(unknown) or "nothing"}. Use a CONFIG of configs/ms_rcnn '
            'with the same backbone.'
        )
    if not unfit:
        return
    theirs, ours = num_classes(loaded), num_classes(expected)
    fix = (
        f'The checkpoint has {theirs} classes, CONFIG {ours}: set '
        f'model.roi_head.bbox_head.num_classes={theirs} and '
        f'model.roi_head.mask_head.num_classes={theirs} with --cfg-options.'
        if theirs != ours
        else 'Use a CONFIG with the same backbone and heads.'
    )
    name = unfit[0]
    raise ValueError(
        f'{len(unfit)} tensors have other shapes in the checkpoint than in '
        f'CONFIG: {few(unfit)}. {name} has {tuple(loaded[name])}, CONFIG '
        f'{tuple(expected[name])}. {fix}'
    )
