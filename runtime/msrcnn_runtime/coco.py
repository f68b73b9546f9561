"""Detections in the format of COCO."""

from msrcnn_runtime.detections import Detections
from msrcnn_runtime.rle import encode


def annotations(dets: Detections, image_id: int) -> list[dict]:
    """Convert the detections of an image to COCO's format.

    Args:
        dets (Detections): The detections.
        image_id (int): Number of the image.

    Returns:
        list[dict]: For each detection ``image_id``, ``category_id``,
        ``bbox`` (x, y, width, height), ``segmentation`` (RLE), ``score``
        (the mask score, by which COCO ranks masks), ``class_score`` and, if
        the model predicts it, ``mask_iou``.
    """
    found = []
    for i, mask in enumerate(dets.iter_masks()):
        x1, y1, x2, y2 = dets.boxes[i].tolist()
        found.append(
            dict(
                image_id=image_id,
                category_id=int(dets.labels[i]),
                bbox=[x1, y1, x2 - x1, y2 - y1],
                segmentation=encode(mask),
                area=int(mask.sum()),
                iscrowd=0,
                score=float(dets.mask_scores[i]),
                class_score=float(dets.scores[i]),
            )
        )
        if dets.mask_ious is not None:
            found[-1]['mask_iou'] = float(dets.mask_ious[i])
    return found


def data_set(
    names: list[str], found: list[Detections], classes: list[str]
) -> dict:
    """Convert the detections of images to a data set in COCO's format.

    Args:
        names (list[str]): File name of each image.
        found (list[Detections]): Detections of each image.
        classes (list[str]): Names of the classes.

    Returns:
        dict: ``images``, ``categories`` with ids from 0, ``annotations``.
    """
    images, anns = [], []
    for i, (name, dets) in enumerate(zip(names, found, strict=True), 1):
        height, width = dets.image_size
        images.append(dict(id=i, file_name=name, height=height, width=width))
        anns += annotations(dets, i)
    return dict(
        images=images,
        categories=[dict(id=i, name=name) for i, name in enumerate(classes)],
        annotations=[dict(id=i, **ann) for i, ann in enumerate(anns, 1)],
    )
