"""Masks and labels that are likely wrong, to correct them by hand."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.errors import BACKGROUND, find_errors, mask_ious
from mmdet_msrcnn.analysis.rank_gallery import draw_among_all
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation
from mmdet_msrcnn.utils.io import write_bytes, write_json, write_text

# Lowest class score of a detection whose mask is suspected.
CLASS_SCORE = 0.5
# Of the box of a mask that can be a suspect; nobody corrects smaller ones.
MIN_PIXELS = 4
# What a detection, or an instance that no detection finds, says of the label.
REASONS = {
    'background': 'no label',
    'wrong class': 'another class',
    'poor mask': 'another shape',
    'missed': 'nothing found',
}
LOW_SCORE = 'low mask score'


def suspect_masks(masks: MaskEvaluation) -> list[dict[str, Any]]:
    """Find detections whose class is sure and whose mask is not.

    Args:
        masks (MaskEvaluation): Evaluation of a model with mask scores.

    Returns:
        list[dict[str, Any]]: ``reason``, ``source`` (the detection) and
        ``suspicion`` in (0, 1], class score minus mask score; the most
        suspicious first.
    """
    found = [
        dict(
            reason=LOW_SCORE,
            source=det,
            suspicion=det['score'] - det['mask_score'],
        )
        for det in masks.detections
        if det['score'] >= max(CLASS_SCORE, det['mask_score'])
        and is_visible(det)
    ]
    return sorted(found, key=lambda one: -one['suspicion'])


def suspect_labels(masks: MaskEvaluation) -> list[dict[str, Any]]:
    """Find labels that a model contradicts.

    Args:
        masks (MaskEvaluation): Evaluation of a model with mask scores.

    Returns:
        list[dict[str, Any]]: ``reason``, one of the values of ``REASONS``;
        ``source``, the detection, or the instance that none overlaps
        at any score; and ``suspicion`` in [0, 1]: the mask score of the
        detection, or the area of the instance as a share of the largest one.
        The most suspicious first, of each reason in turn. Detections of an
        instance that a better one finds are not suspected.
    """
    cat_ids = masks.cat_ids
    errors = find_errors(masks, 'mask_score', dict.fromkeys(cat_ids, 0))
    by_image = defaultdict(list)
    for det in masks.detections:
        by_image[det['image_id']].append(det)
    errors = [
        error
        for error in errors
        if error['kind'] in REASONS
        and not error['taken']
        and is_visible(error['source'])
        and not (error['kind'] == 'missed' and is_near(error, by_image))
    ]
    missed = [e['source'] for e in errors if e['kind'] == 'missed']
    largest = max(map(area_of, missed), default=1)
    found = []
    for error in errors:
        source = error['source']
        suspicion = (
            area_of(source) / largest
            if error['kind'] == 'missed'
            else source['mask_score']
        )
        found.append(
            dict(
                reason=REASONS[error['kind']],
                source=source,
                suspicion=float(suspicion),
            )
        )
    return in_turn(sorted(found, key=lambda one: -one['suspicion']))


def area_of(ann: dict) -> int:
    """Count the pixels of a mask in RLE."""
    return int(mask_utils.area(ann['segmentation']))


def is_visible(ann: dict) -> bool:
    """Return whether a mask in RLE is a few pixels wide and high."""
    _, _, width, height = mask_utils.toBbox(ann['segmentation'])
    return min(width, height) >= MIN_PIXELS


def in_turn(suspects: list[dict]) -> list[dict]:
    """Put the first of each reason first, then the second of each."""
    ranks: Counter = Counter()
    keyed = []
    for one in suspects:
        keyed.append((ranks[one['reason']], one))
        ranks[one['reason']] += 1
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def is_near(missed: dict, by_image: dict[int, list[dict]]) -> bool:
    """Return whether a detection of any class overlaps a missed instance."""
    dets = by_image[missed['image_id']]
    ious = mask_ious(dets, [missed['source']], crowd=False)
    return bool((ious >= BACKGROUND).any())


FINDERS: dict[str, Callable[[MaskEvaluation], list[dict[str, Any]]]] = {
    'masks': suspect_masks,
    'labels': suspect_labels,
}


def polygons_of(mask: np.ndarray) -> list[list[float]]:
    """Convert a mask to the polygons of its outlines; holes are filled.

    Args:
        mask (ndarray): uint8 of shape (H, W).

    Returns:
        list[list[float]]: x, y, x, y, ... in pixels, of each part.
    """
    # Twice the size, because the outline runs through centers of pixels.
    double = cv2.resize(
        mask, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST
    )
    outlines, _ = cv2.findContours(
        double, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [
        ((outline.reshape(-1) + 0.5) / 2).tolist()
        for outline in outlines
        if len(outline) > 2
    ]


def to_coco(coco: COCO, suspects: list[dict]) -> dict[str, Any]:
    """Make a data set of suspects, which annotation tools can import.

    Args:
        coco (COCO): Ground truth.
        suspects (list[dict]): From one of ``FINDERS``.

    Returns:
        dict[str, Any]: ``images`` in the order of their first suspect,
        ``categories`` and ``annotations`` with polygons, ``reason``,
        ``suspicion`` and the scores of detections.
    """
    annotations = []
    for number, one in enumerate(suspects, 1):
        source = one['source']
        mask = mask_utils.decode(source['segmentation'])
        annotation = dict(
            id=number,
            image_id=source['image_id'],
            category_id=source['category_id'],
            bbox=source['bbox'],
            segmentation=polygons_of(mask),
            area=int(mask.sum()),
            iscrowd=0,
            reason=one['reason'],
            suspicion=round(one['suspicion'], 4),
        )
        if 'mask_score' in source:
            annotation |= dict(
                score=source['mask_score'],
                class_score=source['score'],
                mask_iou=source['mask_iou'],
            )
        annotations.append(annotation)
    img_ids = dict.fromkeys(ann['image_id'] for ann in annotations)
    return dict(
        images=[coco.imgs[img_id] for img_id in img_ids],
        categories=coco.dataset['categories'],
        annotations=annotations,
    )


def write_suspects(
    out_dir: Path, coco: COCO, suspects: list[dict], img_dir: Path
) -> None:
    """Write ``suspects.json``, ``images.txt`` and a picture of each suspect.

    Pictures of an earlier run are deleted, nothing else.

    Args:
        out_dir (Path): Folder to write to.
        coco (COCO): Ground truth.
        suspects (list[dict]): From one of ``FINDERS``.
        img_dir (Path): Folder of the images.

    Raises:
        FileNotFoundError: If an image cannot be read.
        ValueError: If the pictures would be among the images.
    """
    pictures = out_dir / 'pictures'
    if img_dir.resolve() == pictures.resolve():
        raise ValueError(
            f'{pictures} holds the images. Write to another folder.'
        )
    content = to_coco(coco, suspects)
    pictures.mkdir(parents=True, exist_ok=True)
    # An image that cannot be read leaves the files of an earlier run.
    with TemporaryDirectory(dir=out_dir) as folder:
        for number, one in enumerate(suspects, 1):
            crop = draw_among_all(coco, one['source'], img_dir)
            bgr = np.ascontiguousarray(crop[..., ::-1])
            _, data = cv2.imencode('.png', bgr)
            name = picture_name(f'{number:04d}', one['reason'])
            write_bytes(Path(folder, name), data.tobytes())
        for reason in (LOW_SCORE, *REASONS.values()):
            for picture in pictures.glob(picture_name('[0-9]' * 4, reason)):
                picture.unlink()
        for picture in Path(folder).iterdir():
            picture.replace(pictures / picture.name)
    names = [image['file_name'] for image in content['images']]
    write_text(out_dir / 'images.txt', ''.join(f'{n}\n' for n in names))
    write_json(out_dir / 'suspects.json', content)


def picture_name(number: str, reason: str) -> str:
    """Name the picture of a suspect."""
    return f'{number}_{reason.replace(" ", "-")}.png'
