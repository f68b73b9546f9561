"""Detections in the format of COCO."""

from collections.abc import Sequence

from msrcnn_runtime.detections import Detections
from msrcnn_runtime.ids import Id
from msrcnn_runtime.rle import encode


def annotations(
    dets: Detections,
    image_id: Id,
    category_ids: Sequence[Id] | None = None,
) -> list[dict]:
    """Convert the detections of an image to COCO's format.

    Args:
        dets (Detections): The detections.
        image_id (int | str): Id of the image.
        category_ids (Sequence[int | str], optional): Id of each label.
            Defaults to None: the label, from 0.

    Returns:
        list[dict]: For each detection ``image_id``, ``category_id``,
        ``bbox`` (x, y, width, height), ``segmentation`` (RLE), ``area``
        (pixels of the mask), ``iscrowd`` (0), ``score`` (the mask score, by
        which COCO ranks masks), ``class_score`` and, if the model predicts
        it, ``mask_iou``.
    """
    found = []
    if category_ids is None:
        category_ids = range(len(dets.classes))
    for i, mask in enumerate(dets.iter_masks()):
        x1, y1, x2, y2 = dets.boxes[i].tolist()
        found.append(
            dict(
                image_id=image_id,
                category_id=category_ids[dets.labels[i]],
                bbox=[x1, y1, x2 - x1, y2 - y1],
                segmentation=encode(mask),
                area=int(mask.sum()),
                iscrowd=0,
                score=float(dets.mask_scores[i]),
                class_score=float(dets.class_scores[i]),
            )
        )
        if dets.mask_ious is not None:
            found[-1]['mask_iou'] = float(dets.mask_ious[i])
    return found


def data_set(
    images: list[dict],
    found: list[dict],
    classes: Sequence[str],
    category_ids: Sequence[Id] | None = None,
) -> dict:
    """Join the detections of images to a data set in COCO's format.

    Args:
        images (list[dict]): ``id``, ``file_name``, ``height`` and ``width``.
        found (list[dict]): :func:`annotations` of all images.
        classes (Sequence[str]): Names of the classes.
        category_ids (Sequence[int | str], optional): Their ids. Defaults to
            None: from 0.

    Returns:
        dict: ``images``, ``categories``, ``annotations``.
    """
    if category_ids is None:
        category_ids = range(len(classes))
    return dict(
        images=images,
        categories=[
            dict(id=i, name=name)
            for i, name in zip(category_ids, classes, strict=True)
        ],
        annotations=[dict(id=i, **ann) for i, ann in enumerate(found, 1)],
    )
