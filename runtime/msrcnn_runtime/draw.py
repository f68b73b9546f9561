"""Drawing of detections."""

import colorsys

import cv2
import numpy as np

from msrcnn_runtime.detections import Detections
from msrcnn_runtime.images import checked


def draw(image: np.ndarray, dets: Detections) -> np.ndarray:
    """Draw masks, boxes and scores.

    Args:
        image (np.ndarray): As the detector takes it.
        dets (Detections): What to draw, the first on top.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).
    """
    image = checked(image).clip(0, 255).astype(np.uint8)
    thickness = max(1, round(max(image.shape[:2]) / 800))
    order = range(len(dets))[::-1]
    for i, mask in zip(
        order, dets.select(np.array(order, int)).iter_masks(), strict=True
    ):
        colour = np.array(colour_of(i), np.uint8)
        image[mask] = image[mask] // 2 + colour // 2
        edges, _ = cv2.findContours(
            mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
        )
        cv2.drawContours(image, edges, -1, colour.tolist(), thickness)
    for i in order:
        x1, y1 = dets.boxes[i, :2].round().astype(int).tolist()
        text = f'{dets.classes[dets.labels[i]]} {dets.mask_scores[i]:.2f}'
        place = x1, max(y1, 12 * thickness)
        for shade, width in ((0, 3), (255, 1)):
            cv2.putText(
                image,
                text,
                place,
                cv2.FONT_HERSHEY_SIMPLEX,
                0.4 * thickness,
                (shade, shade, shade),
                width * thickness,
                cv2.LINE_AA,
            )
    return image


def colour_of(index: int) -> tuple[int, int, int]:
    """Choose a colour that differs from those of the indices nearby."""
    red, green, blue = colorsys.hsv_to_rgb(index * 0.618 % 1, 0.8, 1)
    return int(blue * 255), int(green * 255), int(red * 255)
