"""Visualizer that shows class score, MaskIoU and mask score."""

import numpy as np
from mmdet.structures import DetDataSample
from mmdet.structures.mask import bitmap_to_polygon
from mmdet.visualization import DetLocalVisualizer
from mmdet.visualization.palette import get_palette, jitter_color
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.registry import VISUALIZERS
from mmdet_msrcnn.utils.rank_by import class_scores_of


@VISUALIZERS.register_module()
class MaskScoringVisualizer(DetLocalVisualizer):
    """mmdet's visualizer with labels such as ``dog cls .98 iou .81 mask .79``.

    The numbers are the class score, the predicted MaskIoU and the mask score,
    each in [0, 1]. Instances without mask scores are drawn as in mmdet. Masks
    are drawn one at a time, because mmdet copies all of them several times.
    """

    def add_datasample(
        self,
        name: str,
        image: np.ndarray,
        data_sample: DetDataSample | None = None,
        **kwargs,
    ) -> None:
        """Draw a sample; see mmdet's ``add_datasample``.

        Args:
            name (str): Name of the picture.
            image (ndarray): RGB, shape (H, W, 3).
            data_sample (:obj:`DetDataSample`, optional): Sample to draw.
            **kwargs: See mmdet's ``add_datasample``.
        """
        masks = getattr(data_sample, 'pred_instances', {}).get('masks')
        if data_sample is not None and isinstance(masks, Tensor):
            # A list of views: selecting instances does not copy the masks.
            data_sample = data_sample.new()
            predicted = data_sample.pred_instances.new()
            predicted.masks = list(masks)
            data_sample.pred_instances = predicted
        super().add_datasample(name, image, data_sample, **kwargs)

    def draw_texts(
        self, texts, positions, font_sizes=None, **kwargs
    ) -> 'MaskScoringVisualizer':
        """Draw texts as mmengine does, larger on large images, and whole.

        mmdet draws labels in the same size on images of any size, and cuts
        them at the right edge.

        Args:
            texts (str | list[str]): See mmengine's ``draw_texts``.
            positions (ndarray | Tensor): See mmengine's ``draw_texts``.
            font_sizes (int | list[int], optional): Sizes on an image of
                1 megapixel or less.
            **kwargs: See mmengine's ``draw_texts``.

        Returns:
            MaskScoringVisualizer: Itself.
        """
        if isinstance(font_sizes, int):
            pixels = float(self.width * self.height)
            font_sizes = round(font_sizes * max(1, pixels / 1e6) ** 0.5)
        others = len(self.ax_save.texts)
        super().draw_texts(texts, positions, font_sizes=font_sizes, **kwargs)
        to_data = self.ax_save.transData.inverted().transform
        for text in self.ax_save.texts[others:]:
            extent = text.get_window_extent()
            left, right = (to_data(p)[0] for p in (extent.min, extent.max))
            x, y = text.get_position()
            shift = max(-left, min(0, self.width - right))
            text.set_position((x + shift, y))
        return self

    def _draw_instances(
        self,
        image: np.ndarray,
        instances: InstanceData,
        classes: list[str] | None,
        palette: list[tuple] | None,
    ) -> np.ndarray:
        if 'mask_scores' in instances:
            instances = _with_score_labels(instances, classes)
        masks = instances.get('masks')
        if not isinstance(masks, list):
            return super()._draw_instances(image, instances, classes, palette)
        masks = [m.cpu().numpy().astype(bool, copy=False) for m in masks]
        instances = instances.new()
        if not masks or instances.bboxes.sum() <= 0:
            # Without boxes, mmdet puts the labels on the masks.
            instances.masks = np.array(masks).reshape(-1, *image.shape[:2])
            return super()._draw_instances(image, instances, classes, palette)
        del instances.masks
        super()._draw_instances(image, instances, classes, palette)
        return self._draw_masks(masks, instances.labels.tolist(), palette)

    def _draw_masks(
        self,
        masks: list[np.ndarray],
        labels: list[int],
        palette: list[tuple] | None,
    ) -> np.ndarray:
        """Draw outlines and fill masks, with the same pixels as mmdet."""
        colors = get_palette(self.mask_color or palette, max(labels) + 1)
        outlines = [line for m in masks for line in bitmap_to_polygon(m)[0]]
        self.draw_polygons(outlines, edge_colors='w', alpha=self.alpha)
        image = self.get_image().copy()
        for mask, label in zip(masks, labels, strict=True):
            color = np.array(jitter_color(colors[label]), np.uint8)
            blended = (1 - self.alpha) * image[mask] + self.alpha * color
            image[mask] = np.rint(blended)
        # Draw under the existing lines and texts.
        extent = 0, self.width, self.height, 0
        self.ax_save.imshow(image, extent=extent, interpolation='nearest')
        return self.get_image()


def _with_score_labels(
    instances: InstanceData, classes: list[str] | None
) -> InstanceData:
    """Replace the field ``scores`` by label texts with all three numbers."""
    labels = instances.labels.tolist()
    texts = [
        score_label(classes[label] if classes else f'class {label}', *numbers)
        for label, *numbers in zip(
            labels,
            class_scores_of(instances).tolist(),
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
        class_score (float): Class score in [0, 1].
        mask_iou (float): Predicted MaskIoU in [0, 1].
        mask_score (float): Mask score in [0, 1].

    Returns:
        str: Label such as ``dog cls .98 iou .81 mask .79``.
    """
    numbers = (
        f'{value:.2f}'.removeprefix('0')
        for value in (class_score, mask_iou, mask_score)
    )
    return '{} cls {} iou {} mask {}'.format(name, *numbers)
