"""Copies of the ground truth, so that an evaluation changes no input."""

import copy

from pycocotools.coco import COCO

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.datasets.values import name_annotation


def copy_ground_truth(coco: COCO) -> COCO:
    """Copy ground truth, with annotation ids 1, 2, ...

    pycocotools treats the ground-truth id 0 as "no match"
    (https://github.com/cocodataset/cocoapi/issues/332), mixes up annotations
    with equal ids, and writes into the annotations that it evaluates.

    Args:
        coco (COCO): Ground truth, of pycocotools' or mmdet's class.

    Returns:
        COCO: Copy of the same class. ``file_id`` of an annotation is its id in
        the file. A missing ``iscrowd`` becomes 0, as in training.
    """
    copied = copy.copy(coco)
    annotations = coco.dataset.get('annotations', [])
    copied.dataset = dict(
        coco.dataset,
        annotations=[
            dict(
                ann,
                id=i,
                file_id=ann.get('id'),
                iscrowd=ann.get('iscrowd') or 0,
            )
            for i, ann in enumerate(annotations, start=1)
        ],
    )
    with silence():
        copied.createIndex()
    # mmdet's names of two indices.
    copied.img_ann_map, copied.cat_img_map = copied.imgToAnns, copied.catToImgs
    return copied


def rasterize_annotations(coco: COCO, img_ids: list, cat_ids: list) -> None:
    """Convert the segmentations to evaluate to RLE, in place.

    Args:
        coco (COCO): From :func:`copy_ground_truth`.
        img_ids (list): Images to evaluate.
        cat_ids (list): Categories to evaluate.

    Raises:
        ValueError: If pycocotools cannot read one; names annotation and
            image.
    """
    images, categories = set(img_ids), set(cat_ids)
    for ann in coco.dataset['annotations']:
        if ann['image_id'] in images and ann['category_id'] in categories:
            try:
                ann['segmentation'] = coco.annToRLE(ann)
            # pycocotools raises plain Exception too.
            except Exception as error:
                name = name_annotation(
                    dict(id=ann['file_id']), coco.imgs.get(ann['image_id'])
                )
                raise ValueError(
                    f'The segmentation of {name} cannot be read '
                    f'({type(error).__name__}: {error}). Check the file with '
                    'tools/check_dataset.py.'
                ) from error
