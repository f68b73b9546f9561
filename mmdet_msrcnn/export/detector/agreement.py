"""Agreement of an exported detector with the model."""

from typing import NamedTuple

import torch
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData

from mmdet_msrcnn.utils.rank_by import class_scores_of

# Detections below are not compared.
MIN_SCORE = 0.05
MIN_IOU = 0.99
MAX_DIFFERENCE = 1e-3
COMPARED = {'scores', 'class_scores', 'mask_ious', 'mask_scores'}
# Of the detections. Of ten or more, one may differ in any case: rounding can
# change which of two boxes NMS keeps.
MIN_SHARE, ONE_MAY_DIFFER = 0.99, 10


class Agreement(NamedTuple):
    """Numbers of detections with a class score of at least ``MIN_SCORE``.

    Attributes:
        expected (int): Detections of the model.
        found (int): Detections of the exported file.
        matched (int): Pairs of them, one to one, of the same class, with a
            IoU of boxes and of masks of at least ``MIN_IOU``, and scores that
            differ by at most ``MAX_DIFFERENCE``.
    """

    expected: int
    found: int
    matched: int

    def check(self) -> None:
        """Raise a ValueError if too few detections are matched, or none."""
        most = max(self.expected, self.found)
        if not most:
            raise ValueError(
                'Nothing is detected in the image, so there is nothing to '
                'compare. Use an image with objects.'
            )
        spared = max((1 - MIN_SHARE) * most, most >= ONE_MAY_DIFFER)
        if most - self.matched > spared:
            raise ValueError(
                f'onnxruntime and the model differ: {self}. At least '
                f'{MIN_SHARE:.0%} must be the same, of fewer than 100 all '
                f'but one, of fewer than {ONE_MAY_DIFFER} all. Please report '
                'this with the versions of torch, onnx, onnxscript and '
                'onnxruntime.'
            )

    def __str__(self) -> str:
        return (
            f'{self.matched} detections are the same, of {self.expected} of '
            f'the model and {self.found} of the file'
        )


def agreement(found: InstanceData, expected: InstanceData) -> Agreement:
    """Match the detections of two runs on an image, one to one.

    Args:
        found (:obj:`InstanceData`): ``bboxes``, ``labels``, ``scores`` and
            maybe other scores and ``masks`` of n detections.
        expected (:obj:`InstanceData`): The same fields of m detections.

    Returns:
        Agreement: Numbers of detections.
    """
    found = found[class_scores_of(found) >= MIN_SCORE]
    expected = expected[class_scores_of(expected) >= MIN_SCORE]
    same = bbox_overlaps(expected.bboxes, found.bboxes) >= MIN_IOU
    same &= expected.labels[:, None] == found.labels
    for name in COMPARED & set(expected.keys()):
        differences = expected[name][:, None] - found[name]
        same &= differences.abs() <= MAX_DIFFERENCE
    free = torch.ones(same.shape[1], dtype=torch.bool)
    matched = 0
    for i, row in enumerate(same):
        for j in (row & free).nonzero()[:, 0].tolist():
            if same_mask(expected[i], found[j]):
                free[j] = False
                matched += 1
                break
    return Agreement(len(same), same.shape[1], matched)


def same_mask(one: InstanceData, other: InstanceData) -> bool:
    """Return whether the masks of two detections are nearly the same."""
    if 'masks' not in one:
        return True
    a, b = one.masks[0], other.masks[0]
    return bool((a & b).sum() >= MIN_IOU * (a | b).sum())
