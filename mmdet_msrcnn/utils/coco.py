"""Constants and helpers for COCO."""

import numpy as np

# IoU thresholds of COCO's AP.
COCO_IOU_THRS = np.linspace(0.5, 0.95, 10)


def class_names(content: dict) -> tuple[str, ...]:
    """Read the names of the classes of COCO annotations.

    Args:
        content (dict): Of an annotation file, with ``categories``.

    Returns:
        tuple[str]: In order of the file.
    """
    return tuple(category['name'] for category in content['categories'])
