"""Metadata of an exported detector: what a program needs to use the file."""

import hashlib
import json
import os
from pathlib import Path

from mmdet.models.detectors import TwoStageDetector
from mmdet.utils import get_test_pipeline_cfg
from mmengine.config import Config

from mmdet_msrcnn.checkpoints.dataset_meta import dataset_meta
from mmdet_msrcnn.export.detector.checks import parts_at
from mmdet_msrcnn.version import __version__

# A program reads the formats that it knows.
FORMAT = 'mmdet_msrcnn detector 1'


def digest_of(checkpoint: str | os.PathLike) -> str:
    """Compute the SHA-256 of a checkpoint, which tells its exports."""
    return hashlib.sha256(Path(checkpoint).read_bytes()).hexdigest()


def metadata(
    model: TwoStageDetector, cfg: Config, meta: dict, digest: str
) -> dict[str, str]:
    """Collect the metadata of an exported detector.

    Args:
        model (:obj:`TwoStageDetector`): The detector.
        cfg (:obj:`Config`): Its config, with the test pipeline.
        meta (dict): Meta information of its checkpoint.
        digest (str): From :func:`digest_of`.

    Returns:
        dict[str, str]: JSON by name: ``classes``; ``resize``, which says how
        an image is resized before; ``mask_thr``, from which a pixel is
        foreground; and for people ``preprocessing`` (inside the file),
        ``test_cfg``, ``checkpoint_sha256``. ``format`` and ``mmdet_msrcnn``
        are plain text.

    Raises:
        ValueError: If the test pipeline does not resize by one ``Resize``.
    """
    pre = model.data_preprocessor
    num_classes = parts_at(model, 'roi_head.bbox_head')[-1].num_classes
    names = dataset_meta(meta, cfg, num_classes).get('classes')
    values = dict(
        classes=names or [f'class {i}' for i in range(num_classes)],
        resize=resize_of(cfg),
        mask_thr=model.test_cfg.rcnn.mask_thr_binary,
        preprocessing=dict(
            input='BGR, 0 to 255',
            mean=pre.mean.flatten().tolist() if pre._enable_normalize else 0,
            std=pre.std.flatten().tolist() if pre._enable_normalize else 1,
            flip_channels=pre._channel_conversion,
            pad_value=pre.pad_value,
            pad_size_divisor=pre.pad_size_divisor,
        ),
        test_cfg=model.test_cfg,
        checkpoint_sha256=digest,
    )
    texts = {name: json.dumps(value) for name, value in values.items()}
    return dict(format=FORMAT, mmdet_msrcnn=__version__, **texts)


def resize_of(cfg: Config) -> dict:
    """Find how the test pipeline resizes images.

    Args:
        cfg (:obj:`Config`): Config.

    Returns:
        dict: ``scale`` (width, height) in pixels and ``keep_ratio``, or
        ``scale_factor`` (x, y); empty if images keep their size.

    Raises:
        ValueError: If the pipeline resizes otherwise, or changes the image by
            another transform.
    """
    if 'test_dataloader' not in cfg:
        raise ValueError('the config has no test_dataloader')
    steps = [without_scope(step) for step in get_test_pipeline_cfg(cfg)]
    kinds = [step.pop('type').removeprefix('mmdet.') for step in steps]
    rest = [
        (kind, step)
        for kind, step in zip(kinds, steps, strict=True)
        if not kind.rsplit('.', 1)[-1].startswith(('LoadAnnotations', 'Pack'))
    ]
    match rest:
        case [('LoadImageFromFile', loaded)] if not loaded:
            return {}
        case [
            ('LoadImageFromFile', loaded),
            ('Resize', {'scale': scale, **more}),
        ] if not loaded and set(more) <= {'keep_ratio'}:
            pair = [scale, scale] if isinstance(scale, int) else list(scale)
            return dict(scale=pair, keep_ratio=more.get('keep_ratio', False))
        case [
            ('LoadImageFromFile', loaded),
            ('Resize', {'scale_factor': factor, **more}),
        ] if not loaded and not any(more.values()):
            one = isinstance(factor, int | float)
            return dict(scale_factor=[factor] * 2 if one else list(factor))
    raise ValueError(
        'the pipeline of test_dataloader must load images with '
        'LoadImageFromFile, and change them by no more than one Resize with '
        'scale (and keep_ratio) or scale_factor, without other options, got '
        f'{rest}'
    )


def without_scope(step: dict) -> dict:
    """Copy a transform without the options that do not change images."""
    ignored = {'_scope_', 'backend_args', 'clip_object_border'}
    step = {k: v for k, v in step.items() if k not in ignored}
    if step.get('backend') == 'cv2':
        del step['backend']
    return step
