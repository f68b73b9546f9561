"""Overlaps of detections with the instances of their image and class.

Shape shorthand: D detections, G instances, T IoU thresholds, A area ranges.
"""

from collections.abc import Sequence
from numbers import Real
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.datasets.values import name_annotation, name_image
from mmdet_msrcnn.evaluation.pairs import (
    Grouped,
    Pairs,
    areas_of,
    find_pairs,
    stack,
)

# All, small, medium and large, in pixels; both ends belong to a range.
AREA_RANGES = np.array(
    [(0, 1e10), (0, 32**2), (32**2, 96**2), (96**2, 1e10)], float
)


class Overlaps(NamedTuple):
    """Detections, instances, and the pairs that can match.

    Detections and instances outside the protocol are left out. The others are
    sorted by class, then image, then their order in the input.

    Attributes:
        cat_ids (list[int]): Categories, sorted.
        img_ids (list[int]): Images, sorted.
        iou_thrs (ndarray): IoU thresholds, shape (T, ).
        source (ndarray): Index of each detection in the input, shape (D, ).
        classes (ndarray): Index of its category, shape (D, ).
        images (ndarray): Index of its image, shape (D, ).
        in_range (ndarray): Whether its area is in each range, shape (D, A).
        instance_source (ndarray): Index of each instance in the annotations,
            shape (G, ).
        instance_classes (ndarray): Shape (G, ).
        instance_images (ndarray): Shape (G, ).
        crowds (ndarray): Whether it is a crowd, shape (G, ).
        ignored (ndarray): Whether it is a crowd or out of the area range,
            shape (G, A).
        pairs (Pairs): Pairs with an IoU of at least the lowest threshold.
        true_ious (ndarray): Largest IoU of each detection with an instance
            that is no crowd, shape (D, ).
    """

    cat_ids: list[int]
    img_ids: list[int]
    iou_thrs: np.ndarray
    source: np.ndarray
    classes: np.ndarray
    images: np.ndarray
    in_range: np.ndarray
    instance_source: np.ndarray
    instance_classes: np.ndarray
    instance_images: np.ndarray
    crowds: np.ndarray
    ignored: np.ndarray
    pairs: Pairs
    true_ious: np.ndarray


def box_overlaps(
    coco: COCO,
    detections: Sequence[dict],
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    iou_thrs: Sequence[float] | np.ndarray,
) -> Overlaps:
    """Compute the IoUs of boxes.

    Args:
        coco (COCO): Ground truth.
        detections (Sequence[dict]): COCO results with ``bbox``.
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        iou_thrs (Sequence[float]): IoU thresholds.

    Returns:
        Overlaps: IoUs and areas of boxes.

    Raises:
        ValueError: If a detection is of an image that ``coco`` lacks, or an
            area is not a number.
    """
    return _overlap(coco, detections, cat_ids, img_ids, iou_thrs, 'bbox')


def mask_overlaps(
    coco: COCO,
    detections: Sequence[dict],
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    iou_thrs: Sequence[float] | np.ndarray,
) -> Overlaps:
    """Compute the IoUs of masks.

    Args:
        coco (COCO): Ground truth, whose segmentations to evaluate are RLE.
        detections (Sequence[dict]): COCO results with ``segmentation`` (RLE).
        cat_ids (Sequence[int]): Categories to evaluate.
        img_ids (Sequence[int]): Images to evaluate.
        iou_thrs (Sequence[float]): IoU thresholds.

    Returns:
        Overlaps: IoUs and areas of masks.

    Raises:
        ValueError: If a detection is of an image that ``coco`` lacks, an area
            is not a number, or masks and ground truth of an image differ in
            size.
    """
    return _overlap(
        coco, detections, cat_ids, img_ids, iou_thrs, 'segmentation'
    )


def _overlap(
    coco: COCO,
    detections: Sequence[dict],
    cat_ids: Sequence[int],
    img_ids: Sequence[int],
    iou_thrs: Sequence[float] | np.ndarray,
    shape: str,
) -> Overlaps:
    """Compute the IoUs of boxes or masks, which ``shape`` names."""
    unknown = {det['image_id'] for det in detections} - coco.imgs.keys()
    if unknown:
        raise ValueError(
            f'Detections are of the image {next(iter(unknown))!r}, which the '
            'annotations lack. Use the annotations of the tested images.'
        )
    # Not np.unique, which makes text of mixed ids.
    cats, images = (sorted(set(ids)) for ids in (cat_ids, img_ids))
    anns = coco.dataset.get('annotations', [])
    source, *places = _sort(detections, cats, images)
    rows, *true_places = _sort(anns, cats, images)
    found, truth = [detections[i] for i in source], [anns[i] for i in rows]
    shapes, true_shapes = (
        Grouped(stack([one[shape] for one in x]), cat * len(images) + image)
        for x, (cat, image) in ((found, places), (truth, true_places))
    )
    crowds = np.array([bool(ann.get('iscrowd')) for ann in truth], bool)
    areas = [_area(ann, coco.imgs.get(ann['image_id'])) for ann in truth]

    def check_sizes(i: int, masks: list[dict], true: list[dict]) -> None:
        _check_sizes(coco.imgs[truth[i]['image_id']], masks, true)

    iou_thrs = np.asarray(iou_thrs, float)
    lowest = cap(iou_thrs).min()
    pairs, true_ious = find_pairs(
        shapes, true_shapes, crowds, lowest, check_sizes
    )
    return Overlaps(
        cats,
        images,
        iou_thrs,
        source,
        classes=places[0],
        images=places[1],
        in_range=_in_range(areas_of(shapes.shapes)),
        instance_source=rows,
        instance_classes=true_places[0],
        instance_images=true_places[1],
        crowds=crowds,
        ignored=crowds[:, None] | ~_in_range(np.array(areas, float)),
        pairs=pairs,
        true_ious=true_ious,
    )


def cap(iou_thrs: np.ndarray) -> np.ndarray:
    """Lower thresholds of 1 by rounding errors, as pycocotools does."""
    return np.minimum(iou_thrs, 1 - 1e-10)


def _sort(
    anns: Sequence[dict], cat_ids: list, img_ids: list
) -> tuple[np.ndarray, ...]:
    """Sort annotations by class, image and index; leave out others.

    Returns:
        tuple[ndarray]: Their indices, classes and images.
    """
    columns = []
    for key, ids in (('category_id', cat_ids), ('image_id', img_ids)):
        index = {value: i for i, value in enumerate(ids)}
        columns.append(np.array([index.get(a[key], -1) for a in anns], int))
    classes, images = columns
    (kept,) = np.nonzero((classes >= 0) & (images >= 0))
    order = kept[np.lexsort((images[kept], classes[kept]))]
    return order, classes[order], images[order]


def _area(ann: dict, image: dict | None) -> float:
    """Return the area of an annotation."""
    area = ann.get('area')
    if not isinstance(area, Real):
        name = name_annotation(dict(id=ann.get('file_id', ann['id'])), image)
        raise ValueError(
            f'The area of {name} must be a number, got {area!r}. Check the '
            'file with tools/check_dataset.py.'
        )
    return float(area)


def _in_range(areas: np.ndarray) -> np.ndarray:
    """Return whether areas of shape (n, ) are in each range, shape (n, A).

    NaN is in all of them, as in pycocotools.
    """
    low, high = AREA_RANGES.T
    return ~((areas[:, None] < low) | (areas[:, None] > high))


def _check_sizes(image: dict, masks: list[dict], truth: list[dict]) -> None:
    """Refuse sizes for which pycocotools returns an IoU of -1."""
    predicted, true = ({tuple(r['size']) for r in x} for x in (masks, truth))
    if predicted != true or len(true) > 1:
        raise ValueError(
            'Are these the annotations of the tested images? Predicted '
            f'masks of {name_image(image)} have (height, width) '
            f'{sorted(predicted)}, the ground truth {sorted(true)}. If they '
            'are, write the size of the loaded image into the annotations; '
            'check them with tools/check_dataset.py.'
        )
