"""Larger copies of small images, on which labels are readable."""

import cv2
import numpy as np
from mmdet.structures import DetDataSample
from mmengine.structures import InstanceData

# Of the shorter side of a picture, of the longer one, and of the factor.
MIN_SIDE, MAX_SIDE, MAX_FACTOR = 512, 4096, 8


def enlarging_factor(image: np.ndarray) -> int:
    """Return by how much to enlarge an image of shape (H, W, ...)."""
    short, long = sorted(image.shape[:2])
    factor = min(round(MIN_SIDE / short), MAX_SIDE // long, MAX_FACTOR)
    return max(factor, 1)


def enlarge(
    image: np.ndarray, sample: DetDataSample, factor: int
) -> tuple[np.ndarray, DetDataSample]:
    """Enlarge an image and its predictions.

    Args:
        image (ndarray): Shape (H, W, 3).
        sample (:obj:`DetDataSample`): Predictions, maybe with boxes and
            masks. It is not changed.
        factor (int): 1 or more.

    Returns:
        tuple[ndarray, :obj:`DetDataSample`]: Image and predictions of
        ``factor`` times the size.
    """
    if factor == 1:
        return image, sample
    image = cv2.resize(image, None, fx=factor, fy=factor)
    enlarged = sample.new()
    enlarged.pred_instances = enlarge_instances(sample.pred_instances, factor)
    return image, enlarged


def enlarge_instances(instances: InstanceData, factor: int) -> InstanceData:
    """Copy instances with boxes and masks of ``factor`` times the size."""
    instances = instances.new()
    if 'bboxes' in instances:
        instances.bboxes = instances.bboxes * factor
    if 'masks' in instances:
        masks = instances.masks.repeat_interleave(factor, dim=1)
        instances.masks = masks.repeat_interleave(factor, dim=2)
    return instances
