"""Pictures and lists in COCO format, shared by the data set scripts."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as mask_utils


def save_image(
    folder: Path, file_name: str, pixels: np.ndarray, image_id: int
) -> dict[str, Any]:
    """Write a picture and describe it in COCO format.

    Args:
        folder (Path): Folder to write to.
        file_name (str): Name of the file, with the suffix.
        pixels (np.ndarray): uint8 in BGR order, shape (H, W, 3).
        image_id (int): Unique id of the picture.

    Returns:
        dict: The entry for the list of images.

    Raises:
        OSError: If the picture cannot be written.
    """
    path = folder / file_name
    if not cv2.imwrite(str(path), pixels):
        raise OSError(f'{path} cannot be written')
    height, width = pixels.shape[:2]
    return {
        'id': image_id,
        'file_name': file_name,
        'width': width,
        'height': height,
    }


def coco_annotation(
    mask: np.ndarray,
    annotation_id: int,
    image_id: int,
    category_id: int,
    iscrowd: int = 0,
) -> dict[str, Any]:
    """Describe one instance, or one crowd region, in COCO format.

    Args:
        mask (np.ndarray): Pixels of the instance, bool, shape (H, W).
        annotation_id (int): Unique id, from 1. For COCO's evaluation, id 0
            means "no match".
        image_id (int): Id of the image.
        category_id (int): Id of the category.
        iscrowd (int): 1 for a crowd region. Defaults to 0.

    Returns:
        dict: The annotation: a compressed RLE whose counts are a str, the
        area in pixels and the box [x, y, width, height] in pixels.
    """
    rle = mask_utils.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {
        'id': annotation_id,
        'image_id': image_id,
        'category_id': category_id,
        'segmentation': {
            'size': [int(side) for side in rle['size']],
            'counts': rle['counts'].decode('ascii'),
        },
        'area': float(mask_utils.area(rle)),
        'bbox': [float(value) for value in mask_utils.toBbox(rle)],
        'iscrowd': iscrowd,
    }
