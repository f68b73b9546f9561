"""Gallery of the detections whose rank the mask score changes most."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from scipy.stats import rankdata

from mmdet_msrcnn.analysis.figure_files import saved_figure
from mmdet_msrcnn.visualization.enlarge import enlarging_factor

COLUMNS = 6
# Margin to show around a box, as a share of its size.
MARGIN = 0.4
PREDICTED, TRUE = (255, 60, 60), (60, 230, 60)


def rank_changes(detections: list[dict]) -> np.ndarray:
    """Compute the ranks that detections gain by the mask score.

    Args:
        detections (list[dict]): With ``score`` and ``mask_score``.

    Returns:
        ndarray: Rank by class score minus rank by mask score, shape (D, ).
        It is positive if a detection rises.
    """
    by_class, by_mask = (
        rankdata([-det[key] for det in detections])
        for key in ('score', 'mask_score')
    )
    return by_class - by_mask


def draw_rank_gallery(
    coco: COCO,
    detections: list[dict],
    img_dir: Path,
    path: str | Path,
    num: int = 12,
) -> None:
    """Draw the detections that rise and those that fall most.

    Each is shown with its mask (red), the instances of its class (green), and
    class score, predicted MaskIoU, mask score and true MaskIoU.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): COCO results with ``mask_iou``,
            ``mask_score`` and ``true_iou``.
        img_dir (Path): Folder of the images.
        path (str or Path): PNG file to write.
        num (int): Number that rise, and number that fall. Defaults to 12.

    Raises:
        FileNotFoundError: If an image cannot be read.
    """
    changes = rank_changes(detections)
    order = np.argsort(changes, kind='stable')
    num = min(num, len(order) // 2)
    chosen = [*order[::-1][:num], *order[:num]]
    rows = max(1, -(-len(chosen) // COLUMNS))
    with saved_figure(path, (2.2 * COLUMNS, 2.6 * rows), 110) as figure:
        for i, index in enumerate(chosen):
            det = detections[index]
            axes = figure.add_subplot(rows, COLUMNS, i + 1)
            axes.imshow(draw_detection(coco, det, img_dir))
            axes.set_axis_off()
            axes.set_title(label(det, changes[index]), fontsize=7)


def label(det: dict, change: float) -> str:
    """Make a two-line title with the rank change and the four scores."""
    return (
        f'{change:+.0f} ranks, true IoU {det["true_iou"]:.2f}\n'
        f'cls {det["score"]:.2f} iou {det["mask_iou"]:.2f} '
        f'mask {det["mask_score"]:.2f}'
    )


def draw_detection(coco: COCO, det: dict, img_dir: Path) -> np.ndarray:
    """Crop the image around a detection and draw the outlines.

    Args:
        coco (COCO): Ground truth.
        det (dict): COCO result with ``bbox`` and ``segmentation``.
        img_dir (Path): Folder of the images.

    Returns:
        ndarray: RGB image of shape (h, w, 3), with the mask in red and the
        instances of its class in green.

    Raises:
        FileNotFoundError: If the image cannot be read.
    """
    mask = mask_utils.decode(det['segmentation'])
    same = [[det['image_id']], [det['category_id']]]
    return _draw_around(coco, det, img_dir, same, [(mask, PREDICTED)])


def draw_among_all(coco: COCO, source: dict, img_dir: Path) -> np.ndarray:
    """Draw as :func:`draw_detection`, with the instances of all classes.

    Args:
        coco (COCO): Ground truth.
        source (dict): Detection or instance with ``bbox`` and RLE.
        img_dir (Path): Folder of the images.

    Returns:
        ndarray: RGB image of shape (h, w, 3), enlarged if it is small, with
        the mask in red and all instances in green.

    Raises:
        FileNotFoundError: If the image cannot be read.
    """
    mask = mask_utils.decode(source['segmentation'])
    every = [[source['image_id']]]
    found = [(mask, PREDICTED)]
    return _draw_around(coco, source, img_dir, every, found, enlarging_factor)


def draw_instance(coco: COCO, ann: dict, img_dir: Path) -> np.ndarray:
    """Crop the image around an instance, as :func:`draw_detection` does.

    Args:
        coco (COCO): Ground truth.
        ann (dict): One of its annotations.
        img_dir (Path): Folder of the images.

    Returns:
        ndarray: RGB image of shape (h, w, 3), with the instances of the class
        in green.

    Raises:
        FileNotFoundError: If the image cannot be read.
    """
    same = [[ann['image_id']], [ann['category_id']]]
    return _draw_around(coco, ann, img_dir, same, [])


def small_factor(crop: np.ndarray) -> int:
    """Return by how much to enlarge a picture that is one of many."""
    return max(1, round(160 / max(crop.shape[:2])))


def _draw_around(
    coco: COCO,
    source: dict,
    img_dir: Path,
    instances: list[list],
    predicted: list[tuple[np.ndarray, tuple[int, int, int]]],
    factor_of: Callable[[np.ndarray], int] = small_factor,
) -> np.ndarray:
    """Draw instances, given by images and classes, and masks around a box."""
    path = img_dir / coco.imgs[source['image_id']]['file_name']
    image = cv2.imread(str(path))
    if image is None:
        raise FileNotFoundError(f'{path} is missing or is not an image')
    info = coco.imgs[source['image_id']]
    if image.shape[:2] != (info['height'], info['width']):
        raise ValueError(
            'Are these the annotations of the tested images? '
            f'{path} has {image.shape[1]}x{image.shape[0]} pixels, but the '
            f'annotations say {info["width"]}x{info["height"]}. Give the '
            'folder of the annotated images.'
        )
    image = np.ascontiguousarray(image[..., ::-1])
    # Lists, because ids may be strings.
    anns = coco.getAnnIds(*instances)
    masks = [(coco.annToMask(ann), TRUE) for ann in coco.loadAnns(anns)]
    masks += predicted
    x, y, width, height = source['bbox']
    margin = MARGIN * max(width, height) + 2
    # At least a pixel, also of a box outside the image.
    left = min(max(0, int(x - margin)), image.shape[1] - 1)
    top = min(max(0, int(y - margin)), image.shape[0] - 1)
    right = max(int(x + width + margin), left + 1)
    bottom = max(int(y + height + margin), top + 1)
    crop = image[top:bottom, left:right]
    # Enlarge before drawing so that outlines are thin.
    scale = factor_of(crop)
    crop = cv2.resize(crop, None, fx=scale, fy=scale)
    for mask, color in masks:
        mask = cv2.resize(
            np.ascontiguousarray(mask[top:bottom, left:right]),
            crop.shape[1::-1],
            interpolation=cv2.INTER_NEAREST,
        )
        outlines, _ = cv2.findContours(
            mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(crop, outlines, -1, color, 1)
    return crop
