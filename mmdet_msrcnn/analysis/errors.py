"""What goes wrong in the detections above a threshold.

The kinds follow TIDE (Bolya et al., ECCV 2020), with mask IoU. Unlike there, a
detection of another class and a low IoU is ``background``, and an instance
that only such a detection or a poor mask touches is also ``missed``.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from pycocotools import mask as mask_utils

from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation

# Of a true positive, and the lowest IoU that shows which instance was meant.
FOREGROUND, BACKGROUND = 0.5, 0.1
KINDS = {
    'correct': 'finds an instance at a mask IoU of at least 0.5',
    'duplicate': 'finds an instance that a better detection has found',
    'wrong class': 'has a mask IoU of at least 0.5 with another class',
    'poor mask': 'has a mask IoU from 0.1 to 0.5 with an instance',
    'background': 'has a mask IoU below 0.1 with all instances of its class',
    'missed': 'is an instance that no detection finds',
}


def find_errors(
    masks: MaskEvaluation, key: str, thresholds: Mapping[int, float]
) -> list[dict[str, Any]]:
    """Say of each detection above its threshold what is wrong with it.

    Detections take the best free instance of their class, in falling order of
    the score, as in pycocotools. Those that match a crowd are left out.

    Args:
        masks (MaskEvaluation): Evaluation of the model.
        key (str): Key of the score, such as ``mask_score``.
        thresholds (Mapping[int, float]): Lowest score by category.

    Returns:
        list[dict[str, Any]]: ``kind``, one of ``KINDS``; ``image_id``;
        ``category_id``; ``iou`` with the instance that decides, in [0, 1];
        ``taken``, whether a detection finds that instance; and ``source``,
        the detection, or the instance if it was missed.
    """
    kept = defaultdict(list)
    for det in masks.detections:
        if det[key] >= thresholds[det['category_id']]:
            kept[det['image_id']].append(det)
    found = []
    cat_ids = set(masks.cat_ids)
    for img_id in masks.img_ids:
        anns = [
            ann
            for ann in masks.coco.imgToAnns[img_id]
            if ann['category_id'] in cat_ids
        ]
        dets = sorted(kept[img_id], key=lambda det: -det[key])
        found += image_errors(dets, anns)
    return found


def image_errors(dets: list[dict], anns: list[dict]) -> list[dict[str, Any]]:
    """Say what is wrong with the detections of an image.

    Args:
        dets (list[dict]): Detections, the best first.
        anns (list[dict]): Instances and crowds, with RLE.

    Returns:
        list[dict[str, Any]]: See :func:`find_errors`.
    """
    instances = [ann for ann in anns if not ann.get('iscrowd')]
    crowds = [ann for ann in anns if ann.get('iscrowd')]
    overlaps = mask_ious(dets, instances, crowd=False)
    in_crowds = mask_ious(dets, crowds, crowd=True)
    labels = np.array([ann['category_id'] for ann in instances])
    crowd_labels = np.array([ann['category_id'] for ann in crowds])
    free = np.ones(len(instances), bool)
    found = []
    for det, ious, of_crowds in zip(dets, overlaps, in_crowds, strict=True):
        own = labels == det['category_id']
        candidates = np.where(own & free, ious, 0)
        best = int(candidates.argmax()) if len(candidates) else -1
        if best >= 0 and candidates[best] >= FOREGROUND:
            free[best] = False
            kind, iou = 'correct', candidates[best]
        elif (of_crowds[crowd_labels == det['category_id']] >= 0.5).any():
            continue
        else:
            kind, iou = kind_of(
                ious[own].max(initial=0), ious[~own].max(initial=0)
            )
        entry = _entry(kind, det, iou)
        entry['touched'] = (ious == iou) & (ious > 0)
        found.append(entry)
    for entry in found:
        entry['taken'] = bool((entry.pop('touched') & ~free).any())
    for ann, is_free in zip(instances, free, strict=True):
        if is_free:
            found.append(_entry('missed', ann, 0) | dict(taken=False))
    return found


def kind_of(own: float, other: float) -> tuple[str, float]:
    """Tell why a detection is a false positive.

    Args:
        own (float): Largest mask IoU with an instance of its class.
        other (float): Largest mask IoU with one of another class.

    Returns:
        tuple[str, float]: One of ``KINDS``, and the IoU that decides.
    """
    if own >= FOREGROUND:
        return 'duplicate', own
    if other >= FOREGROUND:
        return 'wrong class', other
    return ('poor mask' if own >= BACKGROUND else 'background'), own


def mask_ious(dets: list[dict], anns: list[dict], crowd: bool) -> np.ndarray:
    """Compute mask IoUs, shape (D, G); for crowds, over the detection."""
    if not dets or not anns:
        return np.zeros((len(dets), len(anns)))
    masks, truth = ([one['segmentation'] for one in x] for x in (dets, anns))
    return mask_utils.iou(masks, truth, [int(crowd)] * len(anns))


def _entry(kind: str, source: dict, iou: float) -> dict[str, Any]:
    return dict(
        kind=kind,
        image_id=source['image_id'],
        category_id=source['category_id'],
        iou=float(iou),
        source=source,
    )
