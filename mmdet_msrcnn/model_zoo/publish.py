"""Turning a training checkpoint into a file for a model zoo."""

import hashlib
import io
import json
import os
import time
from pathlib import Path

import torch
from mmdet.apis import inference_detector
from mmdet.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.utils.io import atomic_path
from mmdet_msrcnn.version import __version__

# What is kept of the meta; the rest is about the machine and the run.
META = ('dataset_meta', 'epoch', 'iter', 'seed', 'mmengine_version')
# What a config says of one run.
RUN_KEYS = ('work_dir', 'load_from', 'resume', 'launcher', 'log_level')


def portable_config(cfg: Config) -> Config:
    """Copy a config without what it says of one run and one machine.

    Args:
        cfg (Config): Config of the model.

    Returns:
        Config: Without ``work_dir``, ``load_from`` and the like, and with
        the last part alone of absolute paths.
    """
    content = {k: v for k, v in cfg.to_dict().items() if k not in RUN_KEYS}
    return Config(_strip_paths(content))


def _strip_paths(value):
    if isinstance(value, dict):
        return {key: _strip_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_strip_paths(item) for item in value)
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
        ValueError: If there is no ``state_dict``.
    """
    if 'state_dict' not in checkpoint:
        raise ValueError(
            f'The checkpoint has {sorted(checkpoint)}, but no state_dict. '
            'Use a file that training wrote (epoch_N.pth), or convert it '
            'with tools/convert_checkpoint.py.'
        )
    meta = {k: v for k, v in checkpoint.get('meta', {}).items() if k in META}
    meta.update(cfg=cfg.pretty_text, mmdet_msrcnn_version=__version__)
    # Clones, for a view would bring its whole storage along.
    state_dict = {
        name: value.detach().cpu().clone()
        for name, value in checkpoint['state_dict'].items()
    }
    return dict(meta=meta, state_dict=state_dict)


def save_published(content: dict, out_dir: Path, name: str) -> Path:
    """Write a checkpoint whose name tells its date and hash.

    Args:
        content (dict): From :func:`published_content`.
        out_dir (Path): Folder.
        name (str): Name of the config.

    Returns:
        Path: ``OUT_DIR/NAME_YYYYMMDD-HASH.pth``, with the first eight digits
        of the SHA-256 of the file.
    """
    buffer = io.BytesIO()
    torch.save(content, buffer)
    digest = hashlib.sha256(buffer.getbuffer()).hexdigest()
    date = time.strftime('%Y%m%d')
    path = out_dir / f'{name}_{date}-{digest[:8]}.pth'
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())
    return path


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def detect(cfg: Config, checkpoint: dict, image: Path) -> InstanceData:
    """Detect the instances of one image.

    Args:
        cfg (Config): Config of the model.
        checkpoint (dict): With ``state_dict``.
        image (Path): Image file.

    Returns:
        :obj:`InstanceData`: The detections.

    Raises:
        ValueError: If the weights do not fit the config.
    """
    init_default_scope('mmdet')
    model = MODELS.build(cfg.model).eval()
    model.cfg = cfg
    try:
        model.load_state_dict(checkpoint['state_dict'], strict=True)
    except RuntimeError as error:
        raise ValueError(
            f'The checkpoint does not fit the config: {error}'
        ) from None
    return inference_detector(model, str(image)).pred_instances


def check_outputs(
    cfg: Config, checkpoint: dict, path: Path, image: Path
) -> int:
    """Check that a published file detects what the training checkpoint does.

    Args:
        cfg (Config): Config of the model.
        checkpoint (dict): Training checkpoint.
        path (Path): Published file; read with ``weights_only=True``.
        image (Path): Image file.

    Returns:
        int: Detections compared.

    Raises:
        ValueError: If any field of any detection differs, or there is none
            to compare.
    """
    before = detect(cfg, checkpoint, image)
    after = detect(cfg, read_checkpoint(path), image)
    if len(before) == 0:
        raise ValueError(
            f'The model detects nothing in {image}, so that nothing can be '
            'compared. Choose another with --image.'
        )
    for name, value in before.items():
        if not torch.equal(value, after[name]):
            raise ValueError(f'{path} gives other {name} on {image}')
    return len(before)


def training_memory(checkpoint: Path) -> float | None:
    """Largest GPU memory that the training logged.

    Args:
        checkpoint (Path): File in the work dir of the training.

    Returns:
        float | None: In GB; None without a log or a GPU.
    """
    values = []
    for log in checkpoint.parent.glob('*/vis_data/scalars.json'):
        lines = map(json.loads, log.read_text().splitlines())
        values += [line['memory'] for line in lines if 'memory' in line]
    return round(max(values) / 1024, 1) if values else None
