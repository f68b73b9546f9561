"""Metadata of an exported detector: what a program needs to use the file."""

import hashlib
import json
import os
from pathlib import Path

from mmdet.models.detectors import TwoStageDetector
from mmengine.config import Config, ConfigDict

from mmdet_msrcnn.checkpoints.dataset_meta import dataset_meta
from mmdet_msrcnn.checkpoints.read import read_checkpoint
from mmdet_msrcnn.export.detector.checks import parts_at
from mmdet_msrcnn.version import __version__

# A program reads the formats that it knows.
FORMAT = 'mmdet_msrcnn detector 1'


def metadata(
    model: TwoStageDetector, cfg: Config, checkpoint: str | os.PathLike
) -> dict[str, str]:
    """Collect the metadata of an exported detector.

    Args:
        model (:obj:`TwoStageDetector`): The detector.
        cfg (:obj:`Config`): Its config, with the test pipeline.
        checkpoint (str or PathLike): Its checkpoint.

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
    meta = read_checkpoint(checkpoint).get('meta') or {}
    names = dataset_meta(meta, cfg, num_classes).get('classes')
    values = dict(
        classes=names or [f'class {i}' for i in range(num_classes)],
        resize=resize_of(cfg),
        mask_thr=model.test_cfg.rcnn.mask_thr_binary,
        preprocessing=dict(
            input='BGR, 0 to 255',
            mean=pre.mean.flatten().tolist() if pre._enable_normalize else 0,
            std=pre.std.flatten().tolist() if pre._enable_normalize else 1,
            bgr_to_rgb=pre._channel_conversion,
            pad_size_divisor=pre.pad_size_divisor,
        ),
        test_cfg=model.test_cfg,
        checkpoint_sha256=hashlib.sha256(
            Path(checkpoint).read_bytes()
        ).hexdigest(),
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
    steps: list[ConfigDict] = cfg.test_dataloader.dataset.pipeline
    kinds = [step.type.removeprefix('mmdet.') for step in steps]
    others = [kind for kind in kinds if not kind.startswith(('Load', 'Pack'))]
    if not others:
        return {}
    step = dict(steps[kinds.index(others[0])])
    step.pop('type')
    # mmengine stores it in the config of a training.
    step.pop('_scope_', None)
    backend = step.pop('backend', 'cv2')
    keep_ratio = step.pop('keep_ratio', False)
    if others == ['Resize'] and backend == 'cv2' and len(step) == 1:
        ((name, value),) = step.items()
        pair = [value] * 2 if isinstance(value, int | float) else list(value)
        if name == 'scale':
            return dict(scale=pair, keep_ratio=keep_ratio)
        if name == 'scale_factor':
            return dict(scale_factor=pair)
    raise ValueError(
        'the pipeline of test_dataloader must change images by no more than '
        'one Resize with scale (and keep_ratio) or scale_factor, with '
        f'backend cv2, got {[dict(step) for step in steps]}'
    )
