"""Score thresholds by class, as a report and a checkpoint hold them."""

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path

from mmdet.structures import SampleList
from mmengine.structures import InstanceData

from mmdet_msrcnn.utils.rank_by import by_class_score

# Of the true positives that they were chosen for.
IOU_THR = 0.5


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
    default = 2.0 if pooled is None else pooled
    own = {n: threshold(f) for n, f in thresholds['classes'].items()}
    return {n: default if thr is None else thr for n, thr in own.items()}


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
    try:
        models = json.loads(Path(path).read_bytes())['thresholds']
        (rankings,) = models.values()
        return {name: chosen(own, IOU_THR) for name, own in rankings.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{path} has no score thresholds of one model '
            f'({type(error).__name__}: {error}). Make it with '
            'tools/analyze_results.py NAME=PREFIX.mask_scores.json on images '
            'that were not used for training.'
        ) from error


def check_classes(
    thresholds: dict[str, dict[str, float]] | None, classes: Sequence[str]
) -> None:
    """Check that every class has a threshold under every ranking.

    Args:
        thresholds (dict[str, dict[str, float]], optional): From
            :func:`read_thresholds`.
        classes (Sequence[str]): Names of the classes.

    Raises:
        ValueError: If there are no thresholds, or none for a class.
    """
    if not thresholds:
        raise ValueError(
            'there are no score thresholds: the checkpoint has none, and no '
            'report.json was given. Give one, or a number as the threshold.'
        )
    for ranking, own in thresholds.items():
        lacking = [name for name in classes if name not in own]
        if lacking:
            raise ValueError(
                f'there is no {ranking} threshold for the class '
                f'{lacking[0]!r}, only for {list(own)}'
            )


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
    own = thresholds.get(ranking, {})
    check_classes({ranking: own}, classes)
    scores = pred.mask_scores if scored else by_class_score(pred).scores
    lowest = scores.new_tensor([own[name] for name in classes])
    return pred[scores >= lowest[pred.labels]]


def samples_above(
    samples: SampleList,
    thresholds: dict[str, dict[str, float]] | None,
    classes: Sequence[str],
) -> SampleList:
    """Copy samples with the detections that reach their thresholds.

    Args:
        samples (list[:obj:`DetDataSample`]): Predictions.
        thresholds (dict[str, dict[str, float]], optional): See
            :func:`above_thresholds`.
        classes (Sequence[str]): Name of each label.

    Returns:
        list[:obj:`DetDataSample`]: The copies.

    Raises:
        ValueError: If there are no thresholds, or none for a class.
    """
    check_classes(thresholds, classes)
    assert thresholds is not None  # checked
    kept = []
    for sample in samples:
        kept.append(sample.new())
        kept[-1].pred_instances = above_thresholds(
            sample.pred_instances, thresholds, classes
        )
    return kept
