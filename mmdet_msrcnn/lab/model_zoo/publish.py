"""Conversion of a training checkpoint to a file for a model zoo."""

import contextlib
import getpass
import hashlib
import io
import os
import re
import socket
from pathlib import Path

import torch
from mmdet.apis import inference_detector
from mmengine.config import Config
from mmengine.structures import InstanceData

from mmdet_msrcnn.lab.training_log import read_training_log
from mmdet_msrcnn.models.detectors.build_detector import build_detector
from mmdet_msrcnn.version import __version__

# Keys of the meta to keep; the others describe the machine and the run.
META = (
    *('dataset_meta', 'epoch', 'iter', 'seed', 'mmengine_version'),
    'score_thresholds',
)
# Keys of a config that describe one run and its logs.
RUN_KEYS = (
    'work_dir',
    'load_from',
    'resume',
    'launcher',
    'log_level',
    'vis_backends',
)
# Keys of a visualizer that describe them.
RUN_VISUALIZER_KEYS = ('vis_backends', 'save_dir', 'name')
# Git hash of the working directory, which mmengine appends to its version.
GIT_HASH = re.compile(r'([0-9a-f]{40}|unknown)$')


def portable_config(cfg: Config) -> Config:
    """Copy a config without the parts that belong to one run or machine.

    Args:
        cfg (Config): Config of the model.

    Returns:
        Config: Without ``work_dir``, ``load_from`` and similar keys. Of
        absolute paths only the last part is kept.

    Raises:
        ValueError: If it still contains the home folder, user or host.
    """
    content = {k: v for k, v in cfg.to_dict().items() if k not in RUN_KEYS}
    if content.get('visualizer'):
        content['visualizer'] = {
            key: value
            for key, value in content['visualizer'].items()
            if key not in RUN_VISUALIZER_KEYS
        } | dict(vis_backends=[dict(type='LocalVisBackend')])
    portable = Config(strip_paths(content))
    for line in portable.pretty_text.splitlines():
        for private in _private_names():
            if re.search(private, line):
                raise ValueError(
                    f'The config contains {private!r}, which identifies this '
                    f'machine or user: {line.strip()}. Remove it.'
                )
    return portable


def _private_names() -> list[str]:
    """List patterns of private names: home folder, user, host."""
    host = re.escape(socket.gethostname())
    # A file or a key may have the same name as the host.
    names = [
        rf'(?://|@|\\\\){host}\b',
        rf'\b{host}(?:\.[\w.-]+)?:(?:\d|/(?!/))',
    ]
    # In a container, the user may have no name or home.
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home != Path(home.anchor):
            names.append(re.escape(str(home)) + r'\b')
    with contextlib.suppress(KeyError, OSError):
        names.append(rf'[/\\]{re.escape(getpass.getuser())}[/\\]')
    return names


def strip_paths(value):
    """Copy a part of a config; keep only the last part of absolute paths."""
    if isinstance(value, dict):
        return {key: strip_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(strip_paths(item) for item in value)
    if isinstance(value, str) and os.path.isabs(os.path.expanduser(value)):
        end = '/' if value.endswith('/') else ''
        return f'{Path(value).name}{end}'
    return value


def published_content(checkpoint: dict, cfg: Config) -> dict:
    """Select the parts of a checkpoint to publish.

    With an ``EMAHook``, mmengine saves the averaged weights as
    ``state_dict``. The others, ``ema_state_dict``, are left out.

    Args:
        checkpoint (dict): Training checkpoint.
        cfg (Config): From :func:`portable_config`.

    Returns:
        dict: ``meta`` and ``state_dict``.

    Raises:
        ValueError: If ``state_dict`` or the classes are missing.
    """
    state_dict = checkpoint.get('state_dict')
    if not isinstance(state_dict, dict) or not all(
        isinstance(value, torch.Tensor) for value in state_dict.values()
    ):
        raise ValueError(
            f'The checkpoint has {sorted(map(str, checkpoint))}, but no '
            'state_dict of tensors. Use a file from training '
            '(epoch_N.pth), or convert it with tools/convert_checkpoint.py.'
        )
    found = checkpoint.get('meta') or {}
    meta = {key: found[key] for key in META if key in found}
    if 'mmengine_version' in meta:
        meta['mmengine_version'] = GIT_HASH.sub('', meta['mmengine_version'])
    if not (meta.get('dataset_meta') or {}).get('classes'):
        raise ValueError(
            "The checkpoint does not name its classes: meta['dataset_meta']"
            "['classes'] is missing. Use a file from training."
        )
    meta.update(cfg=cfg.pretty_text, mmdet_msrcnn_version=__version__)
    # Clone, because a view would be saved with its whole storage.
    weights = {k: v.detach().cpu().clone() for k, v in state_dict.items()}
    return dict(meta=meta, state_dict=weights)


def serialize(content: dict) -> tuple[bytes, str]:
    """Serialize a checkpoint in memory.

    Args:
        content (dict): From :func:`published_content`.

    Returns:
        tuple[bytes, str]: The file, and its SHA-256 in hexadecimal.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    return data, hashlib.sha256(data).hexdigest()


def detect(cfg: Config, state_dict: dict, image: Path) -> InstanceData:
    """Detect the instances in one image.

    Args:
        cfg (Config): Config of the model.
        state_dict (dict): Its weights.
        image (Path): Image file.

    Returns:
        :obj:`InstanceData`: The detections.

    Raises:
        ValueError: If the weights do not fit the config.
    """
    model = build_detector(cfg).eval()
    model.cfg = cfg
    try:
        model.load_state_dict(state_dict, strict=True)
    except RuntimeError as error:
        raise ValueError(
            f'The checkpoint does not fit the config: {error}'
        ) from None
    return inference_detector(model, str(image)).pred_instances


def check_outputs(
    cfg: Config, checkpoint: dict, data: bytes, image: Path
) -> int:
    """Check that the published file gives the same detections.

    Args:
        cfg (Config): Config of the model.
        checkpoint (dict): Training checkpoint.
        data (bytes): Published file; loaded with ``weights_only=True``.
        image (Path): Image file.

    Returns:
        int: Number of detections compared.

    Raises:
        ValueError: If any field of any detection differs, or there are no
            detections.
    """
    published = torch.load(io.BytesIO(data), weights_only=True)
    before = detect(cfg, checkpoint['state_dict'], image)
    after = detect(cfg, published['state_dict'], image)
    if len(before) == 0:
        raise ValueError(
            f'The model detects nothing in {image}, so there is nothing to '
            'compare. Choose another image with --image.'
        )
    for name, value in before.items():
        if not torch.equal(value, after[name]):
            raise ValueError(
                f'The published file gives different {name} on {image}'
            )
    return len(before)


def training_memory(checkpoint: Path) -> float | None:
    """Find the largest GPU memory that the training logged.

    Args:
        checkpoint (Path): File in the work directory of the training.

    Returns:
        float | None: Memory in GB; None without a log or a GPU.
    """
    lines = read_training_log(checkpoint.parent)
    values = [line.get('memory', 0) for line in lines]
    return round(max(values) / 1024, 1) if any(values) else None
