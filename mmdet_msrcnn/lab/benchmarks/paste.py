"""Pasting of masks into the image at test, compared with mmdet."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetMaskHead
from torch import Tensor

from mmdet_msrcnn.lab.benchmarks.scenes import (
    Scene,
    Source,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.table import DIFFERENCES, compared
from mmdet_msrcnn.lab.benchmarks.targets import CFG, mask_heads
from mmdet_msrcnn.lab.benchmarks.timing import compare, time_in_turn

NUM_DETECTIONS = 100

COLUMNS = compared(DIFFERENCES)


def paste_by(head: MMDetMaskHead, scene: Scene, img_meta: dict) -> Any:
    """Paste the masks of a scene into the original image.

    Args:
        head (MMDetMaskHead): mmdet's mask head or ours.
        scene (Scene): Image with detections.
        img_meta (dict): ``ori_shape`` and ``scale_factor`` of the image.

    Returns:
        Tensor | list[dict]: Masks, bool of shape (K, H, W), or RLEs if the
        head predicts these.
    """
    return head._predict_by_feat_single(
        scene.mask_probs[:, None],
        scene.boxes.clone(),
        torch.zeros(len(scene.boxes), dtype=torch.long),
        img_meta,
        CFG,
        rescale=True,
        activate_map=True,
    )


def paste(scene: Scene) -> dict[str, Callable[[], Tensor]]:
    """Set up mmdet's mask head and ours to paste into the original image."""
    sample = scene.batch['data_samples'][0]
    return {
        name: partial(paste_by, head, scene, sample.metainfo)
        for name, head in mask_heads().items()
    }


def measure_paste(source: Source, repeats: int) -> list[dict]:
    """Time the pasting of 100 detections per image.

    Args:
        source (Source): Images.
        repeats (int): Timed calls for each image.

    Returns:
        list[dict]: A row with ``mmdet`` and ``ours`` (float), the mean
        over images of the median seconds, ``ratio`` (float) and
        ``differences`` (int), the number of pixels that differ.
    """
    times, different = [], 0
    for batch in load_images(source):
        functions = paste(make_scene(batch, NUM_DETECTIONS))
        times.append(time_in_turn(functions, repeats))
        found, expected = (function() for function in functions.values())
        different += int((found != expected).sum())
    return [dict(masks='all', **compare(times), differences=different)]
