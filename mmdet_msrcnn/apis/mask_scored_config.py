"""Config that adds a mask score to any instance segmentation model."""

import copy
import os

import torch
from mmdet.models.detectors.base import BaseDetector
from mmengine.config import Config, ConfigDict
from mmengine.registry import MODELS, init_default_scope

from mmdet_msrcnn.feature_cache.views import (
    FIXED,
    pipelines_of,
    transform_name,
)
from mmdet_msrcnn.models.detectors.mask_scored_detector import model_config
from mmdet_msrcnn.models.detectors.pyramids import pyramid_of
from mmdet_msrcnn.utils.data_sets import inner_data_sets

# Coarser levels are for RPNs and large boxes; RoIs have enough cells here.
MAX_STRIDE = 32
# A multiple of every stride.
TEST_SIZE = 256
WRAPPERS = ('dataset', 'datasets')


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
        ValueError: If the test pipeline has random transforms, or there is
            no annotation file.
    """
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = scored_model(cfg.model)
    dataset = training_set(cfg)
    test_dataloader = copy.deepcopy(cfg.test_dataloader)
    for steps in pipelines_of(test_dataloader.dataset):
        for step in steps:
            # Polygons alone would refuse run lengths.
            step.pop('poly2mask', None)
    evaluator = test_evaluator(cfg)
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


def scored_model(model: ConfigDict) -> dict:
    """Make the config of a :class:`MaskScoredDetector`.

    Args:
        model (:obj:`ConfigDict`): Config of a detector.

    Returns:
        dict: The detector without pretrained weights of its parts, an
        extractor for its pyramid, and a scorer.
    """
    model = model_config(model)
    detector = MODELS.build(copy.deepcopy(model)).eval()
    channels, strides = pyramid_layout(detector)
    concat = len(set(channels)) > 1
    out_channels = sum(channels) if concat else channels[0]
    kind = 'GenericRoIExtractor' if concat else 'SingleRoIExtractor'
    extractor = dict(
        type=f'mmdet.{kind}',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=out_channels,
        featmap_strides=strides,
    )
    if concat:
        extractor['aggregation'] = 'concat'
    else:
        # RoIs of the same size go to levels of the same stride.
        extractor['finest_scale'] = 14 * strides[0]
    return dict(
        type='mmdet_msrcnn.MaskScoredDetector',
        # mmdet's init_detector reads this key.
        backbone=dict(),
        detector=model,
        roi_extractor=extractor,
        mask_iou_head=dict(
            type='mmdet_msrcnn.MaskScoreHead',
            class_agnostic=True,
            in_channels=out_channels,
            conv_out_channels=min(out_channels, 256),
        ),
    )


@torch.no_grad()
def pyramid_layout(detector: BaseDetector) -> tuple[list[int], list[int]]:
    """Measure the channels and strides of a detector's pyramid.

    Args:
        detector (BaseDetector): In eval mode.

    Returns:
        tuple[list[int], list[int]]: Channels and strides of the levels with a
        stride of at most 32, the finest first; at least one level.
    """
    levels = pyramid_of(detector, torch.zeros(1, 3, TEST_SIZE, TEST_SIZE))
    layout = [(x.shape[1], TEST_SIZE // x.shape[-1]) for x in levels]
    kept = [pair for pair in layout if pair[1] <= MAX_STRIDE] or layout[:1]
    channels, strides = zip(*kept, strict=True)
    return list(channels), list(strides)


def training_set(cfg: Config) -> dict:
    """Make the config of the training set, in the pipeline of the test set.

    Args:
        cfg (:obj:`Config`): Config of the detector.

    Returns:
        dict: Config of a data set. Wrappers that mix images are removed.

    Raises:
        ValueError: See :func:`mask_scored_config`.
    """
    dataset = copy.deepcopy(cfg.train_dataloader.dataset)
    while 'ann_file' not in dataset and 'dataset' in dataset:
        dataset = dataset['dataset']
    if not list(inner_data_sets(dataset)):
        raise ValueError(
            'train_dataloader.dataset has no ann_file; masks to train on are '
            'needed.'
        )
    train_steps = [s for steps in pipelines_of(dataset) for s in steps]
    outer = cfg.train_dataloader.dataset
    train_steps += [s for s in outer.get('pipeline', ()) if s]
    pipeline = scorer_pipeline(
        cfg.test_dataloader.dataset.pipeline, train_steps
    )
    for steps in pipelines_of(dataset):
        steps[:] = copy.deepcopy(pipeline)
    return dataset


def scorer_pipeline(
    test_steps: list[dict], train_steps: list[dict]
) -> list[dict]:
    """Make the pipeline for the training of a scorer.

    Args:
        test_steps (list[dict]): Pipeline of the test set.
        train_steps (list[dict]): Transforms of the training set.

    Returns:
        list[dict]: The test pipeline with annotations, and with the flip of
        the training set.

    Raises:
        ValueError: If the test pipeline has transforms that can be random.
    """
    image_steps = []
    for step in test_steps:
        name = transform_name(step)
        if name not in FIXED:
            raise ValueError(
                f'The test pipeline has {name}. A scorer is trained in the '
                f'test pipeline, which can have {list(FIXED)}.'
            )
        if name not in ('LoadAnnotations', 'PackDetInputs'):
            image_steps.append(copy.deepcopy(step))
    named = {transform_name(step): step for step in train_steps}
    annotations = dict(type='LoadAnnotations', with_bbox=True, with_mask=True)
    flip = [named['RandomFlip']] if 'RandomFlip' in named else []
    # After the image, so that they are resized and flipped with it.
    return [
        image_steps[0],
        annotations,
        *image_steps[1:],
        *copy.deepcopy(flip),
        dict(type='PackDetInputs'),
    ]


def test_evaluator(cfg: Config) -> dict:
    """Make the config of the metric.

    Args:
        cfg (:obj:`Config`): Config of the detector.

    Returns:
        dict: :class:`MaskScoringMetric` with the annotations of the test set.
    """
    metrics = cfg.test_evaluator
    metrics = metrics if isinstance(metrics, list | tuple) else [metrics]
    own = 'mmdet_msrcnn.MaskScoringMetric'
    for metric in metrics:
        if metric.type == own:
            return copy.deepcopy(dict(metric))
    for metric in metrics:
        if metric.get('ann_file') and 'Panoptic' not in metric.type:
            return dict(type=own, ann_file=metric.ann_file)
    return dict(type=own)
