"""Config that adds a mask score to any instance segmentation model."""

import copy
import os

from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from mmdet_msrcnn.apis.mask_scored_data import (
    check_test,
    metric_of,
    training_set,
)
from mmdet_msrcnn.apis.mask_scored_model import scored_model
from mmdet_msrcnn.utils.data_sets import pipelines_of


def mask_scored_config(
    cfg: Config,
    checkpoint: str | os.PathLike,
    max_epochs: int = 6,
    lr: float = 5e-4,
    seed: int = 0,
) -> Config:
    """Make the config to train a mask score for a trained detector.

    The images are those of the config: its training set in the pipeline of its
    test set, with its flip. So the scorer is trained on detections as they
    are at test time.

    Args:
        cfg (:obj:`Config`): Config of any detector of mmdet that predicts
            masks.
        checkpoint (str or PathLike): Its checkpoint.
        max_epochs (int): Epochs to train the scorer. Defaults to 6.
        lr (float): Learning rate of AdamW with batches of two images.
            Defaults to 5e-4.
        seed (int): Seed of the training. Defaults to 0.

    Returns:
        :obj:`Config`: Complete config of a :class:`MaskScoredDetector`.

    Raises:
        TypeError: If the model is no detector with a backbone.
        ValueError: If the config does not say how to train or test, or an
            annotation file is missing.
    """
    check_test(cfg)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = cfg.model
    if 'data_preprocessor' in cfg:
        # mmengine's Runner adds it to the model too.
        model = dict(data_preprocessor=cfg.data_preprocessor) | model
    model = scored_model(ConfigDict(model))
    dataset = training_set(cfg)
    test_dataloader = copy.deepcopy(cfg.test_dataloader)
    for steps in pipelines_of(test_dataloader.dataset):
        for step in steps:
            # poly2mask=False cannot read run lengths.
            step.pop('poly2mask', None)
    evaluator = metric_of(cfg)
    new = dict(
        default_scope=cfg.get('default_scope', 'mmdet'),
        custom_imports=custom_imports(cfg),
        model=model,
        load_from=str(checkpoint),
        train_dataloader=dict(
            batch_size=2,
            num_workers=cfg.train_dataloader.get('num_workers', 2),
            persistent_workers=cfg.train_dataloader.get('num_workers', 2) > 0,
            sampler=dict(type='DefaultSampler', shuffle=True),
            batch_sampler=dict(type='AspectRatioBatchSampler'),
            dataset=dataset,
        ),
        val_dataloader=test_dataloader,
        test_dataloader=copy.deepcopy(test_dataloader),
        val_evaluator=evaluator,
        test_evaluator=copy.deepcopy(evaluator),
        train_cfg=dict(
            type='mmdet_msrcnn.CachedTrainLoop',
            max_epochs=max_epochs,
            val_interval=max_epochs,
        ),
        val_cfg=dict(type='ValLoop'),
        test_cfg=dict(type='TestLoop'),
        optim_wrapper=dict(
            type='OptimWrapper',
            optimizer=dict(type='AdamW', lr=lr, weight_decay=0.01),
            clip_grad=dict(max_norm=5),
        ),
        param_scheduler=[
            dict(
                type='LinearLR',
                start_factor=0.01,
                by_epoch=False,
                begin=0,
                end=100,
            ),
            dict(
                type='CosineAnnealingLR',
                by_epoch=True,
                begin=0,
                end=max_epochs,
                eta_min=1e-5,
                convert_to_iter_based=True,
            ),
        ],
        default_hooks=dict(
            timer=dict(type='IterTimerHook'),
            logger=dict(type='LoggerHook', interval=20),
            param_scheduler=dict(type='ParamSchedulerHook'),
            checkpoint=dict(
                type='mmdet_msrcnn.SafeCheckpointHook',
                interval=1,
                max_keep_ckpts=2,
            ),
            sampler_seed=dict(type='DistSamplerSeedHook'),
            visualization=dict(type='DetVisualizationHook'),
        ),
        custom_hooks=[
            dict(type='mmdet_msrcnn.AnnotationCheckHook'),
            dict(type='mmdet_msrcnn.CheckpointFitHook'),
            dict(type='mmdet_msrcnn.FiniteLossHook'),
        ],
        env_cfg=cfg.get('env_cfg', dict(dist_cfg=dict(backend='nccl'))),
        vis_backends=[dict(type='LocalVisBackend')],
        visualizer=dict(
            type='mmdet_msrcnn.MaskScoringVisualizer',
            name='visualizer',
            vis_backends=[dict(type='LocalVisBackend')],
        ),
        log_processor=dict(type='LogProcessor', window_size=50, by_epoch=True),
        log_level='INFO',
        auto_scale_lr=dict(enable=False, base_batch_size=2),
        randomness=dict(seed=seed),
    )
    return Config(new)


def custom_imports(cfg: Config) -> dict:
    """Add this package to the modules that a config imports."""
    imports = dict(cfg.get('custom_imports') or {})
    names = list(imports.get('imports', ()))
    return dict(
        imports=[*dict.fromkeys([*names, 'mmdet_msrcnn'])],
        allow_failed_imports=imports.get('allow_failed_imports', False),
    )
