"""The ways in which a training pipeline shows an image."""

import copy
from typing import NamedTuple

from mmdet_msrcnn.models.checks import check_range
from mmdet_msrcnn.utils.data_sets import pipelines_of, transform_name

# Transforms without random numbers.
FIXED = (
    'LoadImageFromFile',
    'LoadAnnotations',
    'Resize',
    'FixScaleResize',
    'Pad',
    'PackDetInputs',
)
REMEDY = (
    'Remove it from the training pipeline, set train_cfg.num_views to store '
    'random views, or train directly with '
    "train_cfg.type='EpochBasedTrainLoop'."
)


class View(NamedTuple):
    """One way in which training shows every image.

    Attributes:
        dataset (dict): Config of the data set.
        prob (float): Probability of this view.
    """

    dataset: dict
    prob: float


def flip_prob(step: dict) -> float:
    """Return the probability of a RandomFlip.

    Args:
        step (dict): Config of the transform.

    Returns:
        float: In [0, 1].

    Raises:
        ValueError: If there is more than one direction.
    """
    prob, direction = step.get('prob', 0), step.get('direction', 'horizontal')
    if not isinstance(prob, int | float) or not isinstance(direction, str):
        raise ValueError(
            f'RandomFlip has prob={prob!r} and direction={direction!r}; the '
            f'feature cache needs one number and one direction. {REMEDY}'
        )
    return float(prob)


def views_of(dataset: dict) -> list[View]:
    """List the views of a data set: as it is, and flipped if it can be.

    Args:
        dataset (dict): Config of the training data set.

    Returns:
        list[View]: One or two views, whose probabilities add up to 1.

    Raises:
        ValueError: If a transform uses random numbers, other than one
            RandomFlip.
    """
    probs = set()
    for pipeline in pipelines_of(dataset):
        own = [0.0]
        for step in pipeline:
            name = transform_name(step)
            if name == 'RandomFlip':
                own.append(flip_prob(step))
            elif name not in FIXED:
                raise ValueError(
                    f'The feature cache cannot store the results of {name}, '
                    f'which can be random; it can those of {list(FIXED)} and '
                    f'of RandomFlip. {REMEDY}'
                )
        if len(own) > 2:
            raise ValueError(f'RandomFlip occurs twice. {REMEDY}')
        probs.add(own[-1])
    if len(probs) != 1:
        raise ValueError(
            f'The pipelines flip images with the probabilities '
            f'{sorted(probs)}; the feature cache needs a single one. {REMEDY}'
        )
    (prob,) = probs
    flips = ((0.0, 1 - prob), (1.0, prob))
    return [
        View(_with_flip(dataset, flip), share)
        for flip, share in flips
        if share
    ]


def random_views(dataset: dict, num: int) -> list[View]:
    """List views that all use the random transforms of a data set.

    Args:
        dataset (dict): Config of the training data set.
        num (int): Number of views.

    Returns:
        list[View]: Views with the same probability.

    Raises:
        ValueError: If the number is not a positive integer.
    """
    check_range('train_cfg.num_views', num, 1)
    if not isinstance(num, int):
        raise ValueError(f'train_cfg.num_views must be an integer, got {num}')
    return [View(copy.deepcopy(dataset), 1 / num) for _ in range(num)]


def _with_flip(dataset: dict, prob: float) -> dict:
    dataset = copy.deepcopy(dataset)
    for pipeline in pipelines_of(dataset):
        for step in pipeline:
            if transform_name(step) == 'RandomFlip':
                step['prob'] = prob
    return dataset
