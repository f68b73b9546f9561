"""Turning a training checkpoint into a file for a model zoo."""

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

# What is kept of the meta; the rest is about the machine and the run.
META = ('dataset_meta', 'epoch', 'iter', 'seed', 'mmengine_version')
# What a config says of one run and its logs.
RUN_KEYS = (
    'work_dir',
    'load_from',
    'resume',
    'launcher',
    'log_level',
    'vis_backends',
)
# What a visualizer says of them.
RUN_VISUALIZER_KEYS = ('vis_backends', 'save_dir', 'name')
# What mmengine appends to its version: of the folder it was started in.
GIT_HASH = re.compile(r'([0-9a-f]{40}|unknown)$')


def portable_config(cfg: Config) -> Config:
    """Copy a config without what it says of one run and one machine.

    Args:
        cfg (Config): Config of the model.

    Returns:
        Config: Without ``work_dir``, ``load_from`` and the like, and with
        the last part alone of absolute paths.

    Raises:
        ValueError: If it still names the home folder, user or host.
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
                    f'The config would tell {private!r} of this machine: '
                    f'{line.strip()}. Take it out of the config.'
                )
    return portable


def _private_names() -> list[str]:
    """Patterns of what must not be told: home folder, user, host."""
    host = re.escape(socket.gethostname())
    # A host may be called as a file or a key is.
    names = [
        rf'(?://|@|\\\\){host}\b',
        rf'\b{host}(?:\.[\w.-]+)?:(?:\d|/(?!/))',
    ]
    # Containers may have a user without name or home.
    with contextlib.suppress(RuntimeError):
        home = Path.home()
        if home != Path(home.anchor):
            names.append(re.escape(str(home)) + r'\b')
    with contextlib.suppress(KeyError, OSError):
        names.append(rf'[/\\]{re.escape(getpass.getuser())}[/\\]')
    return names


def strip_paths(value):
    """Copy a part of a config, with the last part alone of paths."""
    if isinstance(value, dict):
        return {key: strip_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(strip_paths(item) for item in value)
    if isinstance(value, str) and os.path.isabs(os.path.expanduser(value)):
        end = '/' if value.endswith('/') else ''
        return f'{Path(value).name}{end}'
    return value


def published_content(checkpoint: dict, cfg: Config) -> dict:
    """Choose what of a checkpoint is published.

    With an ``EMAHook``, mmengine saves the averaged weights as
    ``state_dict`` and the others as ``ema_state_dict``, which is left out.

    Args:
        checkpoint (dict): Training checkpoint.
        cfg (Config): From :func:`portable_config`.

    Returns:
        dict: ``meta`` and ``state_dict``.

    Raises:
        ValueError: If there is no ``state_dict``, or the classes are not
            known.
    """
    state_dict = checkpoint.get('state_dict')
    if not isinstance(state_dict, dict) or not all(
        isinstance(value, torch.Tensor) for value in state_dict.values()
    ):
        raise ValueError(
            f'The checkpoint has {sorted(map(str, checkpoint))}, but no '
            'state_dict of tensors. Use a file that training wrote '
            '(epoch_N.pth), or convert it with tools/convert_checkpoint.py.'
        )
    found = checkpoint.get('meta') or {}
    meta = {key: found[key] for key in META if key in found}
    if 'mmengine_version' in meta:
        meta['mmengine_version'] = GIT_HASH.sub('', meta['mmengine_version'])
    if not (meta.get('dataset_meta') or {}).get('classes'):
        raise ValueError(
            "The checkpoint does not name its classes: meta['dataset_meta']"
            "['classes'] is missing. Use a file that training wrote."
        )
    meta.update(cfg=cfg.pretty_text, mmdet_msrcnn_version=__version__)
    # Clones, for a view would bring its whole storage along.
    weights = {k: v.detach().cpu().clone() for k, v in state_dict.items()}
    return dict(meta=meta, state_dict=weights)


def serialize(content: dict) -> tuple[bytes, str]:
    """Write a checkpoint to memory.

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
    """Detect the instances of one image.

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
    """Check that a published file detects what the training checkpoint does.

    Args:
        cfg (Config): Config of the model.
        checkpoint (dict): Training checkpoint.
        data (bytes): Published file; read with ``weights_only=True``.
        image (Path): Image file.

    Returns:
        int: Detections compared.

    Raises:
        ValueError: If any field of any detection differs, or there is none
            to compare.
    """
    published = torch.load(io.BytesIO(data), weights_only=True)
    before = detect(cfg, checkpoint['state_dict'], image)
    after = detect(cfg, published['state_dict'], image)
    if len(before) == 0:
        raise ValueError(
            f'The model detects nothing in {image}, so that nothing can be '
            'compared. Choose another with --image.'
        )
    for name, value in before.items():
        if not torch.equal(value, after[name]):
            raise ValueError(f'The published file gives other {name}')
    return len(before)


def training_memory(checkpoint: Path) -> float | None:
    """Largest GPU memory that the training logged.

    Args:
        checkpoint (Path): File in the work dir of the training.

    Returns:
        float | None: In GB; None without a log or a GPU.
    """
    lines = read_training_log(checkpoint.parent)
    values = [line.get('memory', 0) for line in lines]
    return round(max(values) / 1024, 1) if any(values) else None
