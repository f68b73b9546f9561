"""Data and metric to train and test a mask score for any model."""

import copy

from mmengine.config import Config

from mmdet_msrcnn.utils.data_sets import (
    inner_data_sets,
    pipelines_of,
    transform_name,
)

# Wrappers that mix images, which tests do not, or repeat them.
WRAPPERS = ('MultiImageMixDataset', 'RepeatDataset')


def check_test(cfg: Config) -> None:
    """Check that a config says how to test.

    Args:
        cfg (:obj:`Config`): Config of the detector.

    Raises:
        ValueError: If it does not, or its test set is in a wrapper.
    """
    for name in ('test_dataloader', 'test_evaluator', 'train_dataloader'):
        if not cfg.get(name):
            raise ValueError(
                f'The config has no {name}. It must have the data to train '
                'and to test on, and the metric.'
            )
    dataset = cfg.test_dataloader.dataset
    if 'pipeline' not in dataset:
        raise ValueError(
            f'test_dataloader.dataset is a {dataset["type"]}. Use the data '
            'set inside it.'
        )


def training_set(cfg: Config) -> dict:
    """Make the config of the training set, in the pipeline of the test set.

    Args:
        cfg (:obj:`Config`): Config of the detector.

    Returns:
        dict: Config of a data set. Wrappers that mix or repeat images are
        removed.

    Raises:
        ValueError: See :func:`mask_scored_config`.
    """
    dataset = copy.deepcopy(cfg.train_dataloader.dataset)
    train_steps = [s for steps in pipelines_of(dataset) for s in steps]
    while dataset['type'].rsplit('.', 1)[-1] in WRAPPERS:
        dataset = dataset['dataset']
    if not list(inner_data_sets(dataset)):
        raise ValueError(
            'train_dataloader.dataset has no ann_file. Use a data set with '
            'annotations of masks.'
        )
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
    """
    image_steps = [
        copy.deepcopy(step)
        for step in test_steps
        if transform_name(step) not in ('LoadAnnotations', 'PackDetInputs')
    ]
    named = {transform_name(step): step for step in train_steps}
    annotations = dict(type='LoadAnnotations', with_bbox=True, with_mask=True)
    steps = [image_steps[0], annotations, *image_steps[1:]]
    if 'RandomFlip' in named:
        names = [transform_name(step) for step in steps]
        # Before the padding, which stays at the right and at the bottom.
        at = names.index('Pad') if 'Pad' in names else len(steps)
        steps.insert(at, copy.deepcopy(named['RandomFlip']))
    return [*steps, dict(type='PackDetInputs')]


def metric_of(cfg: Config) -> dict:
    """Make the config of the metric.

    Args:
        cfg (:obj:`Config`): Config of the detector.

    Returns:
        dict: :class:`MaskScoringMetric` with the annotations of the test set.

    Raises:
        ValueError: If there is no annotation file.
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
    raise ValueError(
        'test_evaluator has no ann_file. Set it to the annotations of the '
        'test set, in COCO format.'
    )
