"""Annotated images with proposals and masks like those of a trained model."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from mmdet.models.task_modules import AssignResult, SamplingResult
from mmdet.registry import DATASETS
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from torch import Tensor

from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks
from mmdet_msrcnn.models.targets.mask_target import mask_targets
from mmdet_msrcnn.utils.coco import class_names

MASK_SIZE = 28


class Source(NamedTuple):
    """Source of the images.

    Attributes:
        ann_file (Path): COCO annotations.
        img_dir (Path): Folder of the images.
        num (int): Number of images, evenly spread over those with instances.
        scale (tuple[int, int]): Longest and shortest side of the network's
            input. Defaults to (1333, 800).
    """

    ann_file: Path
    img_dir: Path
    num: int
    scale: tuple[int, int] = (1333, 800)


class Scene(NamedTuple):
    """Image with N instances and K positives.

    Attributes:
        batch (dict): The image, as input for the ``data_preprocessor`` of a
            detector.
        gt (:obj:`InstanceData`): ``bboxes``, ``labels`` and ``masks``.
        sampling (:obj:`SamplingResult`): The positives.
        mask_probs (Tensor): Masks of the positives, shape (K, 28, 28).
    """

    batch: dict
    gt: InstanceData
    sampling: SamplingResult
    mask_probs: Tensor

    @property
    def boxes(self) -> Tensor:
        """Boxes of the positives, shape (K, 4)."""
        return self.sampling.pos_priors

    @property
    def inds(self) -> Tensor:
        """Instance of each positive, shape (K, )."""
        return self.sampling.pos_assigned_gt_inds


def load_images(source: Source, polygons: bool = False) -> Iterator[dict]:
    """Load annotated images with mmdet's data set and pipeline.

    Args:
        source (Source): Source of the images.
        polygons (bool): Keep polygons. Without polygons in the annotations,
            no image is loaded. Defaults to False.

    Yields:
        dict: A batch with one image.
    """
    init_default_scope('mmdet')
    content = json.loads(source.ann_file.read_text('utf-8'))
    segmentations = [ann['segmentation'] for ann in content['annotations']]
    if polygons and all(isinstance(one, dict) for one in segmentations):
        return
    pipeline = [
        dict(type='LoadImageFromFile'),
        dict(
            type='LoadAnnotations',
            with_bbox=True,
            with_mask=True,
            poly2mask=not polygons,
        ),
        dict(type='Resize', scale=source.scale, keep_ratio=True),
        dict(type='PackDetInputs'),
    ]
    cfg = dict(
        type='CocoDataset',
        ann_file=str(source.ann_file.absolute()),
        data_prefix=dict(img=str(source.img_dir.absolute())),
        metainfo=dict(classes=class_names(content)),
        filter_cfg=dict(filter_empty_gt=True),
        pipeline=pipeline,
    )
    dataset = DATASETS.build(cfg)
    for i in np.linspace(0, len(dataset) - 1, source.num).round().astype(int):
        packed = dataset[i]
        sample = packed['data_samples']
        sample.gt_instances.bboxes = sample.gt_instances.bboxes.tensor
        if len(sample.gt_instances):
            yield dict(inputs=[packed['inputs']], data_samples=[sample])


def jitter(boxes: Tensor, share: float = 0.2) -> Tensor:
    """Move each edge of a box by up to a share of its size.

    Args:
        boxes (Tensor): (x1, y1, x2, y2), shape (K, 4).
        share (float): Largest move over the size. Defaults to 0.2.

    Returns:
        Tensor: Shape (K, 4).
    """
    size = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + (torch.rand_like(boxes) * 2 - 1) * share * size


def imperfect(targets: Tensor, seed: int = 0) -> Tensor:
    """Make masks like those that a trained head predicts.

    Args:
        targets (Tensor): Ground truth inside the boxes, shape (K, 28, 28).
        seed (int): Seed. Defaults to 0.

    Returns:
        Tensor: The targets dilated or eroded, shifted and blurred; in [0, 1].
    """
    rng = np.random.default_rng(seed)
    probs = []
    for target in targets.numpy():
        kernel = np.ones(rng.integers(1, 4, 2), np.uint8)
        mask = (cv2.erode, cv2.dilate)[rng.integers(2)](target, kernel)
        mask = np.roll(mask, rng.integers(-2, 3, 2), (0, 1))
        probs.append(cv2.GaussianBlur(mask, (5, 5), 1.0))
    return torch.from_numpy(np.stack(probs)).clamp(0, 1)


def make_scene(batch: dict, num_pos: int = 128) -> Scene:
    """Add positives to an image.

    Args:
        batch (dict): One of :func:`load_images`.
        num_pos (int): Number K of positives, spread over the instances.
            Defaults to 128.

    Returns:
        Scene: The image with its positives.
    """
    torch.manual_seed(0)
    sample = batch['data_samples'][0]
    gt = sample.gt_instances
    height, width = sample.img_shape
    inds = torch.arange(num_pos) % len(gt)
    boxes = jitter(gt.bboxes[inds]).clamp(min=0)
    boxes = boxes.minimum(boxes.new_tensor([width, height] * 2))
    sampling = SamplingResult(
        pos_inds=torch.arange(num_pos),
        neg_inds=torch.zeros(0, dtype=torch.long),
        priors=boxes,
        gt_bboxes=gt.bboxes,
        assign_result=AssignResult(
            len(gt), inds + 1, torch.ones(num_pos), gt.labels[inds]
        ),
        gt_flags=torch.zeros(num_pos, dtype=torch.uint8),
    )
    masks = as_bitmaps(gt.masks)
    packed = pack_gt_masks(masks, boxes.device)
    probs = imperfect(mask_targets(packed, boxes, inds, MASK_SIZE))
    return Scene(batch, gt, sampling, probs)


def as_bitmaps(masks: BitmapMasks | PolygonMasks) -> BitmapMasks:
    """Convert masks to bitmaps."""
    return masks.to_bitmap() if isinstance(masks, PolygonMasks) else masks
