"""Score thresholds by class, as a report and a checkpoint hold them."""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmdet.structures import SampleList
from mmengine.structures import InstanceData

from mmdet_msrcnn.utils.rank_by import class_scores_of

# Of the true positives that they were chosen for.
IOU_THR = 0.5
# Above every score.
NEVER = 2.0
MAX_LISTED = 10


def chosen(thresholds: dict, iou_thr: float) -> dict[str, float]:
    """Read the thresholds of the best F1 of each class.

    Args:
        thresholds (dict): A ranking's part of ``thresholds`` of a
            ``report.json``.
        iou_thr (float): IoU threshold of a true positive, 0.5 or 0.75.

    Returns:
        dict[str, float]: By class; that of all classes together where a class
        has none. Above every score if nothing was detected.
    """

    def threshold(figures: dict) -> float | None:
        value = figures['f1'][str(iou_thr)]['threshold']
        return None if value is None or math.isnan(value) else float(value)

    pooled = threshold(thresholds['pooled'])
    default = NEVER if pooled is None else pooled
    own = {n: threshold(f) for n, f in thresholds['classes'].items()}
    return {n: default if thr is None else thr for n, thr in own.items()}


def read_report_thresholds(path: str | os.PathLike) -> dict[str, dict]:
    """Read the thresholds of all models of a report, and check them.

    Args:
        path (str or PathLike): ``report.json`` of tools/analyze_results.py.

    Returns:
        dict[str, dict]: Its ``thresholds``, by model and ranking.

    Raises:
        ValueError: If it is not such a file, or a threshold is not a score.
    """
    if not Path(path).is_file():
        raise ValueError(f'{path} does not exist, or is not a file')
    try:
        models = json.loads(Path(path).read_bytes())['thresholds']
        if not isinstance(models, dict):
            raise TypeError('thresholds is not a dict')
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{path} is not a report.json of tools/analyze_results.py'
        ) from error
    try:
        for rankings in models.values():
            for own in rankings.values():
                values = [*chosen(own, 0.5).values()]
                values += chosen(own, 0.75).values()
                if not all(0 <= value <= NEVER for value in values):
                    raise ValueError('a threshold is not in [0, 1]')
            if not rankings:
                raise ValueError('a model has no rankings')
    except (
        *(OSError, ValueError, KeyError, TypeError),
        *(AttributeError, OverflowError),
    ) as error:
        raise ValueError(
            f'{path} has no valid score thresholds '
            f'({type(error).__name__}: {error}). Make it with '
            'tools/analyze_results.py NAME=PREFIX.mask_scores.json on images '
            'that were not used for training.'
        ) from error
    return models


def read_thresholds(path: str | os.PathLike) -> dict[str, dict[str, float]]:
    """Read the thresholds of the best F1 of the model of a report.

    Args:
        path (str or PathLike): ``report.json`` of tools/analyze_results.py
            with one model.

    Returns:
        dict[str, dict[str, float]]: For each ranking, such as
        ``mask_score``, the threshold by class.

    Raises:
        ValueError: If it is not such a file.
    """
    models = read_report_thresholds(path)
    if len(models) != 1:
        raise ValueError(
            f'{path} has the score thresholds of {list(models)}. Run '
            'tools/analyze_results.py with the results of one model alone.'
        )
    (rankings,) = models.values()
    return {name: chosen(own, IOU_THR) for name, own in rankings.items()}


def are_thresholds(thresholds: Any) -> bool:
    """Return whether they are as :func:`read_thresholds` returns them."""

    def is_threshold(value: Any) -> bool:
        is_number = isinstance(value, int | float)
        return is_number and (0 <= value <= 1 or value == NEVER)

    return isinstance(thresholds, dict) and all(
        isinstance(own, dict) and all(map(is_threshold, own.values()))
        for own in thresholds.values()
    )


def check_classes(
    thresholds: dict[str, dict[str, float]] | None,
    classes: Sequence[str],
    ranking: str = 'class_score',
) -> None:
    """Check that every class has a threshold.

    Args:
        thresholds (dict[str, dict[str, float]], optional): From
            :func:`read_thresholds`.
        classes (Sequence[str]): Names of the classes.
        ranking (str): The ranking that is needed. Defaults to
            ``'class_score'``.

    Raises:
        ValueError: If there are no thresholds, or none for a class.
    """
    if not thresholds:
        raise ValueError(
            'there are no score thresholds: the checkpoint has none, and no '
            'report.json of tools/analyze_results.py was given (--thresholds '
            'of tools/image_demo.py). Give one, or a number as the threshold.'
        )
    if not are_thresholds(thresholds):
        raise ValueError(
            'the score_thresholds of the checkpoint are not a score for each '
            f'ranking and class: {str(thresholds)[:80]}. Store them with '
            'tools/publish_model.py --thresholds, or give a report.json.'
        )
    own = thresholds.get(ranking, {})
    lacking = [name for name in classes if name not in own]
    if lacking:
        raise ValueError(
            f'there is no {ranking} threshold for the class {lacking[0]!r}, '
            f'only for {list(own)}'
        )


def describe_thresholds(
    own: dict[str, float], classes: Sequence[str], ranking: str
) -> list[str]:
    """Write a sentence for each of the first ten classes.

    Args:
        own (dict[str, float]): Threshold of each class.
        classes (Sequence[str]): Names of the classes.
        ranking (str): The score, such as ``mask_score``.

    Returns:
        list[str]: Lines, such as ``score threshold of nucleus: 0.143 (mask
        score, best F1 at mask IoU 0.5)``.
    """
    how = f'{ranking.replace("_", " ")}, best F1 at mask IoU {IOU_THR}'
    lines = [
        f'score threshold of {name}: '
        + (f'{own[name]:.3f} ({how})' if own[name] < NEVER else 'draws none')
        for name in classes[:MAX_LISTED]
    ]
    more = len(classes) - MAX_LISTED
    return [*lines, f'and {more} more'] if more > 0 else lines


def above_thresholds(
    pred: InstanceData,
    thresholds: dict[str, dict[str, float]],
    classes: Sequence[str],
) -> InstanceData:
    """Select the detections whose score reaches the threshold of its class.

    Args:
        pred (:obj:`InstanceData`): Detections of an image.
        thresholds (dict[str, dict[str, float]]): From
            :func:`read_thresholds`.
        classes (Sequence[str]): Name of each label.

    Returns:
        :obj:`InstanceData`: Those with a mask score, or a class score if
        there are no mask scores, of at least the threshold.

    Raises:
        ValueError: If a class or the ranking has no threshold.
    """
    scored = 'mask_scores' in pred
    ranking = 'mask_score' if scored else 'class_score'
    check_classes(thresholds, classes, ranking)
    own = thresholds[ranking]
    scores = pred.mask_scores if scored else class_scores_of(pred)
    lowest = scores.new_tensor([own[name] for name in classes])
    return pred[scores >= lowest[pred.labels]]


def samples_above(
    samples: SampleList,
    thresholds: dict[str, dict[str, float]],
    classes: Sequence[str],
) -> SampleList:
    """Copy samples with the detections that reach their thresholds.

    Args:
        samples (list[:obj:`DetDataSample`]): Predictions.
        thresholds (dict[str, dict[str, float]]): See
            :func:`above_thresholds`.
        classes (Sequence[str]): Name of each label.

    Returns:
        list[:obj:`DetDataSample`]: The copies.

    Raises:
        ValueError: If there are no thresholds, or none for a class.
    """
    kept = []
    for sample in samples:
        kept.append(sample.new())
        kept[-1].pred_instances = above_thresholds(
            sample.pred_instances, thresholds, classes
        )
    return kept
