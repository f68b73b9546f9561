"""Conversion of checkpoints from other code to this package."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config
from torch import Tensor

from mmdet_msrcnn.checkpoints import maskrcnn_benchmark
from mmdet_msrcnn.checkpoints.dataset_meta import dataset_meta
from mmdet_msrcnn.checkpoints.fit import (
    check_fit,
    few,
    model_shapes,
    num_classes,
)
from mmdet_msrcnn.checkpoints.maskrcnn_benchmark_config import (
    DIFFERENCES,
    config_changes,
)
from mmdet_msrcnn.utils.io import atomic_path, write_text
from mmdet_msrcnn.version import __version__

Weights = dict[str, Tensor]


class Format(NamedTuple):
    """One format of checkpoints.

    Attributes:
        marker (str): Prefix of parameters that only this format has.
        convert (Callable): Renames the parameters, see
            :func:`maskrcnn_benchmark.convert_weights`.
        config_changes (Callable): Computes values for the config from the
            parameters.
        ignored (tuple[str]): Prefixes of the buffers that are left out.
        notes (tuple[str]): Notes for the user.
    """

    marker: str
    convert: Callable[[Weights], Weights]
    config_changes: Callable[[Weights], dict]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]


class Converted(NamedTuple):
    """A converted checkpoint.

    Attributes:
        format (str): A key of ``FORMATS``.
        content (dict): ``meta`` and ``state_dict``.
        cfg (:obj:`Config`): The config that fits it.
        changes (dict): Values that were set in the config, by dotted names.
        ignored (list[str]): Buffers that were left out.
    """

    format: str
    content: dict
    cfg: Config
    changes: dict
    ignored: list[str]


FORMATS = {
    'mmdet 2.x or 3.x': Format(
        marker='roi_head.bbox_head.',
        convert=dict,
        config_changes=lambda weights: {},
        ignored=(),
        notes=(
            'The parameters have the same names: nothing was renamed.',
            'The tensors do not contain pixel mean, style of the backbone, '
            'anchors and NMS: CONFIG must have the values used in training.',
            "mmdet's MaskIoU head was trained on masks binarised at a logit "
            'of 0.5, a probability of 0.6225. To continue its training that '
            'way, set model.train_cfg.rcnn.mask_thr_binary=0.6225.',
        ),
    ),
    'maskrcnn-benchmark': Format(
        marker='roi_heads.box.',
        convert=maskrcnn_benchmark.convert_weights,
        config_changes=config_changes,
        ignored=maskrcnn_benchmark.IGNORED,
        notes=DIFFERENCES,
    ),
}


def unwrap(content: dict) -> Weights:
    """Extract the parameters of a checkpoint.

    Args:
        content (dict): Checkpoint with ``state_dict`` or ``model``, or only
            the parameters.

    Returns:
        dict[str, Tensor]: Parameters, without the prefix ``module.`` of
        parallel training.

    Raises:
        ValueError: If there are no parameters.
    """
    weights = content.get('state_dict', content.get('model', content))
    if not (weights and isinstance(weights, dict)) or not all(
        isinstance(value, Tensor) for value in weights.values()
    ):
        raise ValueError(
            f'The checkpoint has {few(content)}, but no parameters under '
            'state_dict (mmdet) or model (maskrcnn-benchmark).'
        )
    if all(name.startswith('module.') for name in weights):
        return {k.removeprefix('module.'): v for k, v in weights.items()}
    return dict(weights)


def detect_format(weights: Weights) -> str:
    """Detect the format from the names of the parameters.

    Returns:
        str: A key of ``FORMATS``.

    Raises:
        ValueError: If it is none of them.
    """
    for name, kind in FORMATS.items():
        if any(key.startswith(kind.marker) for key in weights):
            return name
    if any(key.startswith('bbox_head.') for key in weights):
        raise ValueError(
            'The checkpoint looks like one of mmdet 1.x, which had other '
            'names and the background first. Use the version that mmdet '
            'published for 2.x (configs/ms_rcnn/README.md), or train again.'
        )
    raise ValueError(
        f'The checkpoint has {few(weights)}, which fits none of the formats '
        f'{list(FORMATS)}.'
    )


def convert(content: dict, cfg: Config) -> Converted:
    """Convert a checkpoint to a model of this package.

    Args:
        content (dict): A checkpoint in one of ``FORMATS``.
        cfg (:obj:`Config`): Config with the same backbone and heads.

    Returns:
        Converted: The checkpoint and the config that fits it.

    Raises:
        ValueError: If the format is not known, or the checkpoint does not
            fit the config.
    """
    if 'mask_iou_head' not in cfg.model.get('roi_head', {}):
        raise ValueError(
            'CONFIG has no model.roi_head.mask_iou_head. Use a config of '
            'configs/ms_rcnn.'
        )
    weights = unwrap(content)
    name = detect_format(weights)
    kind = FORMATS[name]
    converted = kind.convert(weights)
    changes = kind.config_changes(weights)
    cfg = copy.deepcopy(cfg)
    cfg.merge_from_dict(copy.deepcopy(changes))
    expected = model_shapes(cfg)
    for key in expected:
        # Old mmdet and maskrcnn-benchmark do not count batches.
        if key.endswith('.num_batches_tracked'):
            converted.setdefault(key, torch.tensor(0))
    shapes = {key: value.shape for key, value in converted.items()}
    check_fit(shapes, expected)
    meta = dict(
        mmdet_msrcnn_version=__version__,
        dataset_meta=dataset_meta(
            content.get('meta') or {}, cfg, num_classes(shapes)
        ),
    )
    ignored = [k for k in weights if k.startswith(kind.ignored)]
    content = dict(meta=meta, state_dict=converted)
    return Converted(name, content, cfg, changes, ignored)


def write(converted: Converted, out_dir: Path, stem: str) -> list[Path]:
    """Write ``OUT_DIR/STEM.pth`` and ``OUT_DIR/STEM.py``, both atomically."""
    checkpoint, config = (out_dir / f'{stem}{end}' for end in ('.pth', '.py'))
    with atomic_path(checkpoint) as temporary:
        torch.save(converted.content, temporary)
    write_text(config, converted.cfg.pretty_text)
    return [checkpoint, config]
