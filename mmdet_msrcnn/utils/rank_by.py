"""The score that ranks detections: the class score or the mask score.

Most programs rank and filter by the field ``scores``. With
``rank_by='mask_score'`` it holds the mask scores, and ``class_scores`` the
class scores.

Shape shorthand: n detections.
"""

from collections.abc import Mapping

from mmengine.structures import InstanceData
from torch import Tensor

CLASS_SCORE, MASK_SCORE = RANKINGS = ('class_score', 'mask_score')


def class_scores_of(results: InstanceData) -> Tensor:
    """Return the class scores in the order of the detections, shape (n, )."""
    return results.get('class_scores', results.scores)


def by_mask_score(results: InstanceData) -> tuple[InstanceData, Tensor]:
    """Put the mask scores into ``scores``, in falling order.

    Args:
        results (:obj:`InstanceData`): ``scores``, ``mask_scores`` and any
            other fields of n detections. It is not changed.

    Returns:
        tuple[:obj:`InstanceData`, Tensor]: The detections in falling order of
        the mask score, also with ``class_scores``; and their indices in
        ``results``, shape (n, ). Doing so twice is the same as once.
    """
    class_scores = class_scores_of(results)
    order = results.mask_scores.argsort(descending=True, stable=True)
    results = results[order]
    results.class_scores = class_scores[order]
    results.scores = results.mask_scores.clone()
    return results, order


def rank(results: InstanceData, rank_by: str) -> InstanceData:
    """Rank detections by one of :data:`RANKINGS`.

    Args:
        results (:obj:`InstanceData`): As of :func:`by_mask_score`.
        rank_by (str): The ranking.

    Returns:
        :obj:`InstanceData`: The detections.
    """
    if rank_by == MASK_SCORE:
        return by_mask_score(results)[0]
    return by_class_score(results)


def by_class_score(results: InstanceData) -> InstanceData:
    """Put the class scores back into ``scores``.

    Args:
        results (:obj:`InstanceData`): Detections, maybe of
            :func:`by_mask_score`. It is not changed.

    Returns:
        :obj:`InstanceData`: The detections without ``class_scores``, in
        falling order of the class score if there were any.
    """
    if 'class_scores' not in results:
        return results
    results = results.new()
    results.scores = results.pop('class_scores')
    return results[results.scores.argsort(descending=True, stable=True)]


def sample_by_class_score(sample: Mapping) -> dict:
    """As :func:`by_class_score`, for a sample as metrics get it.

    Args:
        sample (dict): ``pred_instances`` (dict or :obj:`InstanceData`) and any
            other values. It is not changed.

    Returns:
        dict: The same values, ``pred_instances`` as a dict.
    """
    pred = dict(sample['pred_instances'].items())
    if 'class_scores' in pred:
        pred['scores'] = pred.pop('class_scores')
    return {**sample, 'pred_instances': pred}
