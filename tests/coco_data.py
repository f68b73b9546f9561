"""Small COCO data sets with the annotations that tests ask for."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch
from mmdet.registry import DATASETS
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from pycocotools import mask as mask_utils
from torch import nn

from tests.helpers import (
    boxes_of,
    build_model,
    ellipse_masks,
    losses_of,
    small_config,
)

HEIGHT, WIDTH = 64, 96
LOAD = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
]
PACK = [dict(type='PackDetInputs')]


def rle_of(mask: np.ndarray) -> dict:
    """A mask as JSON can hold it."""
    rle = mask_utils.encode(np.asfortranarray(mask))
    return dict(rle, counts=rle['counts'].decode())


def polygon_of(mask: np.ndarray) -> list[list[float]]:
    """The outer contours of a mask."""
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    return [c.flatten().astype(float).tolist() for c in contours if len(c) > 2]


def annotation(mask: np.ndarray, form=rle_of, **changes) -> dict:
    """Annotate an instance."""
    x1, y1, x2, y2 = boxes_of(mask[None])[0].tolist()
    return dict(
        dict(
            category_id=1,
            bbox=[x1, y1, x2 - x1, y2 - y1],
            area=float(mask.sum()),
            segmentation=form(mask),
            iscrowd=0,
        ),
        **changes,
    )


def ellipses(num: int = 3, seed: int = 0, **changes) -> list[dict]:
    """Annotate ellipses."""
    masks = ellipse_masks(num, HEIGHT, WIDTH, seed)
    return [annotation(mask, **changes) for mask in masks]


def write_coco(
    folder: Path, images: list[list[dict]], category_ids=(1,)
) -> Path:
    """Write images and their annotations.

    Args:
        folder (Path): Folder to write to.
        images (list[list[dict]]): Annotations of each image.
        category_ids (Sequence[int]): Ids of the categories.

    Returns:
        Path: The annotation file.
    """
    rng = np.random.default_rng(0)
    content = dict(
        images=[],
        annotations=[],
        categories=[dict(id=i, name=f'class {i}') for i in category_ids],
    )
    for img_id, anns in enumerate(images):
        name = f'{img_id}.png'
        noise = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
        cv2.imwrite(str(folder / name), noise)
        content['images'].append(
            dict(id=img_id, file_name=name, height=HEIGHT, width=WIDTH)
        )
        for ann in anns:
            ann_id = len(content['annotations']) + 1
            content['annotations'].append(
                dict(ann, id=ann_id, image_id=img_id)
            )
    path = folder / 'ann.json'
    path.write_text(json.dumps(content))
    return path


def build_dataset(path: Path, *transforms: dict, mosaic=False, **kwargs):
    """Build mmdet's data set, with transforms after the annotations."""
    init_default_scope('mmdet')
    names = [c['name'] for c in json.loads(path.read_text())['categories']]
    inner = dict(
        type='CocoDataset',
        ann_file=str(path),
        data_prefix=dict(img=str(path.parent)),
        metainfo=dict(classes=names),
        pipeline=LOAD if mosaic else [*LOAD, *transforms, *PACK],
        **kwargs,
    )
    if not mosaic:
        return DATASETS.build(inner)
    return DATASETS.build(
        dict(
            type='MultiImageMixDataset',
            dataset=inner,
            pipeline=[*transforms, *PACK],
        )
    )


def train_on(dataset, num_classes: int = 1) -> dict:
    """Train a small model for one step on a whole data set.

    Returns:
        dict: What it logged.
    """
    model = build_model(small_config(num_classes=num_classes)).train()
    # Masks that are not empty, so that every instance gives a target.
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, 1)
    set_random_seed(0)
    batch = pseudo_collate([dataset[i] for i in range(len(dataset))])
    losses = losses_of(model, batch)
    assert all(value.isfinite().all() for value in ours(losses))
    losses['loss_mask_iou'].backward()
    for name, parameter in model.roi_head.mask_iou_head.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    return losses


def ours(losses: dict) -> list[torch.Tensor]:
    """Losses and statistics of the MaskIoU head.

    A box without area makes mmdet's box loss infinite, with or without mask
    scoring; FilterAnnotations after the augmentation removes such boxes.
    """
    return [value for name, value in losses.items() if 'mask_iou' in name]
