"""Short trainings of a head on a frozen detector."""

import os
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmdet_msrcnn.models.roi_heads.checks import as_list
from tests.coco_data import LOAD, PACK, ellipses, write_coco
from tests.frameworks import cascade_config
from tests.helpers import PLUS, build_model, small_config
from tests.test_models.test_detectors.any_models import build_small, scored

NUM_IMAGES = 5


def write_data(folder: Path) -> Path:
    """Write images of one size with ellipses, and one without."""
    images = [ellipses(1 + seed % 3, seed) for seed in range(NUM_IMAGES)]
    return write_coco(folder, images)


def write_detector(cfg: Config, path: Path) -> Path:
    """Write random weights of the frozen detector."""
    model = build_model(cfg)
    # Masks that are not empty
    for head in as_list(model.roi_head.mask_head):
        torch.nn.init.constant_(head.conv_logits.bias, 1)
    state = model.state_dict()
    kept = {k: v for k, v in state.items() if 'mask_iou_head' not in k}
    torch.save(dict(state_dict=kept), path)
    return path


def frozen_config(
    config: Path, folder: Path, flip: float | None = None
) -> Config:
    """Config that trains the head on the data of a folder."""
    cfg = small_config(config, num_classes=1)
    cfg.model.train_cfg.rcnn.sampler.num = 16
    return freeze(cfg, folder, flip)


def frozen_cascade(folder: Path) -> Config:
    """The same for the learned mask score of a cascade."""
    cfg = cascade_config('cascade-ms-rcnn-plus')
    roi_head = cfg.model.roi_head
    for head in (*roi_head.bbox_head, roi_head.mask_head):
        head.num_classes = 1
    return freeze(cfg, folder)


def frozen_any_model(folder: Path) -> Config:
    """The same for a mask score around mmdet's Mask2Former."""
    cfg = frozen_config(PLUS, folder)
    cfg.model = scored('Mask2Former')
    path = folder / 'mask2former.pth'
    torch.save(dict(state_dict=build_small('Mask2Former').state_dict()), path)
    cfg.load_from = str(path)
    return cfg


def freeze(cfg: Config, folder: Path, flip: float | None = None) -> Config:
    """Train the head of a small model on the data of a folder."""
    cfg.model.type = 'mmdet_msrcnn.FrozenTwoStageDetector'
    ann_file = write_data(folder)
    steps = [] if flip is None else [dict(type='RandomFlip', prob=flip)]
    cfg.train_dataloader = dict(
        batch_size=1,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=True),
        dataset=dict(
            type='CocoDataset',
            ann_file=str(ann_file),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=['class 1']),
            pipeline=[*LOAD, *steps, *PACK],
        ),
    )
    cfg.load_from = str(write_detector(cfg, folder / 'detector.pth'))
    cfg.train_cfg = dict(
        type='mmdet_msrcnn.CachedTrainLoop', max_epochs=2, val_interval=100
    )
    return cfg


def runner(cfg: Config, work_dir: Path, epochs: int = 2, **kwargs) -> Runner:
    """Set up a training."""
    init_default_scope('mmdet')
    return Runner(
        cfg.model,
        str(work_dir),
        cfg=cfg,
        train_dataloader=cfg.train_dataloader,
        train_cfg=dict(cfg.train_cfg, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.003)),
        default_hooks=dict(
            checkpoint=dict(type='mmdet_msrcnn.SafeCheckpointHook')
        ),
        default_scope='mmdet',
        log_level='ERROR',
        load_from=kwargs.pop('load_from', cfg.load_from),
        experiment_name=f'{work_dir.name}-{os.urandom(4).hex()}',
        randomness=dict(seed=kwargs.pop('seed', 0)),
        **kwargs,
    )


def head_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights of the trained head."""
    return model.scorer.state_dict()
