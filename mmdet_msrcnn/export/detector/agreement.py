"""Agreement of an exported detector with the model."""

from typing import NamedTuple

import torch
from mmdet.structures.bbox import bbox_overlaps
from mmengine.structures import InstanceData

# Detections below are not compared.
MIN_SCORE = 0.05
MIN_BOX_IOU = 0.99
MAX_DIFFERENCE = 1e-3
COMPARED = {'scores', 'mask_ious', 'mask_scores'}
# Of the detections; one may differ in any case, since rounding can change
# which of two boxes NMS keeps.
MIN_SHARE = 0.99


class Agreement(NamedTuple):
    """Numbers of detections with a class score of at least ``MIN_SCORE``.

    Attributes:
        expected (int): Detections of the model.
        found (int): Detections of the exported file.
        matched (int): Pairs of them, one to one, of the same class, with a
            box IoU of at least ``MIN_BOX_IOU`` and scores that
            differ by at most ``MAX_DIFFERENCE``.
    """

    expected: int
    found: int
    matched: int

    def check(self) -> None:
        """Raise a ValueError if too few detections are matched."""
        most = max(self.expected, self.found)
        if self.matched < min(MIN_SHARE * most, most - 1):
            raise ValueError(
                f'onnxruntime and the model differ: {self}. At least '
                f'{MIN_SHARE:.0%} must be the same. Please report this with '
                'the versions of torch, onnx, onnxscript and onnxruntime.'
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
            maybe ``mask_ious`` and ``mask_scores`` of n detections.
        expected (:obj:`InstanceData`): The same fields of m detections.

    Returns:
        Agreement: Numbers of detections.
    """
    found = found[found.scores >= MIN_SCORE]
    expected = expected[expected.scores >= MIN_SCORE]
    same = bbox_overlaps(expected.bboxes, found.bboxes) >= MIN_BOX_IOU
    same &= expected.labels[:, None] == found.labels
    for name in COMPARED & set(expected.keys()):
        differences = expected[name][:, None] - found[name]
        same &= differences.abs() <= MAX_DIFFERENCE
    free = torch.ones(same.shape[1], dtype=torch.bool)
    matched = 0
    for row in same:
        partners = (row & free).nonzero()[:, 0]
        if len(partners):
            free[partners[0]] = False
            matched += 1
    return Agreement(len(same), same.shape[1], matched)
