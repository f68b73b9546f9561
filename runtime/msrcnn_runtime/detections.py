"""Detections of an image."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from msrcnn_runtime.paste import paste


@dataclass
class Detections:
    """Detections of an image, the best score first.

    Attributes:
        boxes (np.ndarray): (x1, y1, x2, y2) in pixels, shape (n, 4).
        labels (np.ndarray): Index in ``classes``, shape (n, ).
        scores (np.ndarray): Class scores in [0, 1], shape (n, ); the mask
            scores if the model ranks by them.
        mask_probs (np.ndarray): Foreground probabilities within the boxes,
            shape (n, h, w).
        mask_ious (np.ndarray, optional): Predicted MaskIoU in [0, 1], shape
            (n, ). None if the model does not score masks.
        mask_scores (np.ndarray): Scores of the masks in [0, 1], shape (n, );
            the class scores if the model does not score masks.
        classes (list[str]): Names of all classes of the model.
        image_size (tuple[int, int]): Height and width of the image.
        mask_thr (float): Probability from which a pixel is foreground.
        class_scores (np.ndarray): Class scores in [0, 1], shape (n, ).
    """

    boxes: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    mask_probs: np.ndarray
    mask_ious: np.ndarray | None
    mask_scores: np.ndarray
    classes: list[str]
    image_size: tuple[int, int]
    mask_thr: float
    class_scores: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def iter_masks(self) -> Iterator[np.ndarray]:
        """Paste the masks one after another, which saves memory.

        Yields:
            np.ndarray: bool of shape (H, W).
        """
        for probs, box in zip(self.mask_probs, self.boxes, strict=True):
            yield paste(probs, box, *self.image_size, self.mask_thr)

    @property
    def masks(self) -> np.ndarray:
        """All masks, pasted into the image: bool of shape (n, H, W)."""
        masks = np.zeros((len(self), *self.image_size), bool)
        for out, mask in zip(masks, self.iter_masks(), strict=True):
            out[:] = mask
        return masks

    def select(self, kept: np.ndarray) -> 'Detections':
        """Select detections.

        Args:
            kept (np.ndarray): Indices, or bool of shape (n, ).

        Returns:
            Detections: Those selected, in the order of ``kept``.
        """
        ious = self.mask_ious
        return Detections(
            self.boxes[kept],
            self.labels[kept],
            self.scores[kept],
            self.mask_probs[kept],
            None if ious is None else ious[kept],
            self.mask_scores[kept],
            self.classes,
            self.image_size,
            self.mask_thr,
            self.class_scores[kept],
        )
