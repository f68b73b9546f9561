"""Visualizer that shows the class score, the MaskIoU and the mask score."""

import numpy as np
from mmdet.visualization import DetLocalVisualizer
from mmengine.structures import InstanceData

from mmdet_msrcnn.registry import VISUALIZERS


@VISUALIZERS.register_module()
class MaskScoringVisualizer(DetLocalVisualizer):
    """mmdet's visualizer with labels such as ``dog cls .98 iou .81 mask .79``.

    The numbers are the class score, the predicted MaskIoU and the mask score,
    each in [0, 1]. Instances without mask scores are drawn as mmdet does.
    """

    def _draw_instances(
        self,
        image: np.ndarray,
        instances: InstanceData,
        classes: list[str] | None,
        palette: list[tuple] | None,
    ) -> np.ndarray:
        if 'mask_scores' in instances:
            instances = _with_score_labels(instances, classes)
        return super()._draw_instances(image, instances, classes, palette)


def _with_score_labels(
    instances: InstanceData, classes: list[str] | None
) -> InstanceData:
    """Replace the field ``scores`` by label texts with all three numbers."""
    labels = instances.labels.tolist()
    texts = [
        score_label(classes[label] if classes else f'class {label}', *numbers)
        for label, *numbers in zip(
            labels,
            instances.scores.tolist(),
            instances.mask_ious.tolist(),
            instances.mask_scores.tolist(),
            strict=True,
        )
    ]
    drawn = InstanceData(
        bboxes=instances.bboxes, labels=instances.labels, label_names=texts
    )
    if 'masks' in instances:
        drawn.masks = instances.masks
    return drawn


def score_label(
    name: str, class_score: float, mask_iou: float, mask_score: float
) -> str:
    """Write the label of one instance.

    Args:
        name (str): Class name.
        class_score (float): In [0, 1].
        mask_iou (float): Predicted MaskIoU in [0, 1].
        mask_score (float): In [0, 1].

    Returns:
        str: Such as ``dog cls .98 iou .81 mask .79``.
    """
    numbers = (
        f'{value:.2f}'.removeprefix('0')
        for value in (class_score, mask_iou, mask_score)
    )
    return '{} cls {} iou {} mask {}'.format(name, *numbers)
