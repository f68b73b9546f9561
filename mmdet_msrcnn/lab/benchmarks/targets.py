"""Targets of the two mask heads compared with mmdet."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as MMDetMaskHead
from mmdet.models.roi_heads.mask_heads import MaskIoUHead as MMDetMaskIoUHead
from mmengine.config import ConfigDict
from torch import Tensor
from torch.nn import functional as F

from mmdet_msrcnn.lab.benchmarks.memory import peak_memory
from mmdet_msrcnn.lab.benchmarks.scenes import (
    MASK_SIZE,
    Scene,
    Source,
    as_bitmaps,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.table import DIFFERENCES, Column, compared
from mmdet_msrcnn.lab.benchmarks.timing import compare, means, time_in_turn
from mmdet_msrcnn.models import FCNMaskHead, MaskIoUHead
from mmdet_msrcnn.models.mask_heads.mask_paste import paste_masks
from mmdet_msrcnn.models.targets.gt_masks import pack_gt_masks, pack_samples
from mmdet_msrcnn.models.targets.mask_target import mask_targets
from mmdet_msrcnn.models.targets.polygon_target import polygon_targets

CFG = ConfigDict(mask_thr_binary=0.5, mask_size=MASK_SIZE)
SMALL: dict = dict(in_channels=8, conv_out_channels=8)
FORMS = ('bitmap', 'polygon')
# Points per axis at which the shape is looked up in a cell of a target.
FINE = 8

TARGET_COLUMNS = compared(
    Column('mmdet, MAE', 'mmdet_mae', 4), Column('ours, MAE', 'ours_mae', 4)
)
MASK_TARGET_COLUMNS = compared(
    DIFFERENCES,
    Column('mmdet, MB', 'mmdet_bytes', 0, 1e-6),
    Column('ours, MB', 'ours_bytes', 0, 1e-6),
    Column('cells unlike bitmaps, %', 'unlike_bitmaps', 2, 100),
    Column('cells unlike the shape, %', 'unlike_shape', 2, 100),
    Column('bitmaps unlike the shape, %', 'bitmaps_unlike_shape', 2, 100),
)
STEP_COLUMNS = compared(
    Column('mmdet, MB', 'mmdet_bytes', 0, 1e-6),
    Column('ours, MB', 'ours_bytes', 0, 1e-6),
)


def true_ious(scene: Scene) -> Tensor:
    """Compute IoUs of pasted masks with whole instances, shape (K, )."""
    gt = torch.from_numpy(as_bitmaps(scene.gt.masks).masks).bool()
    height, width = gt.shape[1:]
    pasted = paste_masks(scene.mask_probs, scene.boxes, height, width, 0.5)
    ious = []
    for mask, truth in zip(pasted, gt[scene.inds], strict=True):
        overlap = (mask & truth).sum()
        ious.append(overlap / (mask | truth).sum().clamp(min=1))
    return torch.stack(ious)


def mask_iou_targets(scene: Scene) -> dict[str, Callable[[], Tensor]]:
    """Set up the MaskIoU targets of mmdet's head and of ours."""
    theirs = MMDetMaskIoUHead(num_classes=1, fc_out_channels=8, **SMALL)
    ours = MaskIoUHead(num_classes=1, fc_out_channels=8, **SMALL)
    logits = scene.mask_probs.logit(eps=1e-6)
    targets = MMDetMaskHead(num_classes=1, **SMALL).get_targets(
        [scene.sampling], [scene.gt], CFG
    )
    probs = scene.mask_probs[:, None]
    sampling, gt = [scene.sampling], [scene.gt]
    # The heads have one class, so every label is 0.
    scene.sampling.pos_gt_labels.zero_()
    return dict(
        mmdet=lambda: theirs.get_targets(sampling, gt, logits, targets, CFG),
        ours=lambda: ours.get_targets(probs, sampling, gt, [None], CFG)[
            'mask_iou_targets'
        ],
    )


def mask_heads() -> dict[str, MMDetMaskHead]:
    """Build mmdet's mask head and ours, with one class and few parameters."""
    return dict(
        mmdet=MMDetMaskHead(num_classes=1, **SMALL),
        ours=FCNMaskHead(num_classes=1, **SMALL),
    )


def mask_head_targets(scene: Scene) -> dict[str, Callable[[], Tensor]]:
    """Set up the targets of mmdet's mask head and of ours."""
    return {
        name: partial(head.get_targets, [scene.sampling], [scene.gt], CFG)
        for name, head in mask_heads().items()
    }


def measure_mask_iou_targets(source: Source, repeats: int) -> list[dict]:
    """Time the MaskIoU targets and measure their error.

    Args:
        source (Source): Images.
        repeats (int): Timed calls for each image.

    Returns:
        list[dict]: For bitmaps and polygons: ``masks`` (str); ``mmdet`` and
        ``ours`` (float), the mean over images of the median seconds;
        ``ratio`` (float); and ``mmdet_mae`` and ``ours_mae`` (float), the
        mean absolute error compared with the IoU of the pasted masks.
    """
    rows = []
    for masks in FORMS:
        times, errors = [], []
        for batch in load_images(source, polygons=masks == 'polygon'):
            scene = make_scene(batch)
            functions = mask_iou_targets(scene)
            times.append(time_in_turn(functions, repeats))
            truth = true_ious(scene)
            errors.append(
                {
                    f'{name}_mae': (function() - truth).abs().mean().item()
                    for name, function in functions.items()
                }
            )
        if times:
            rows.append(dict(masks=masks, **compare(times), **means(errors)))
    return rows


def measure_mask_targets(source: Source, repeats: int) -> list[dict]:
    """Time the targets of the mask head and measure memory.

    Args:
        source (Source): Images.
        repeats (int): Timed calls for each image.

    Returns:
        list[dict]: For bitmaps and polygons: ``masks`` (str); ``mmdet`` and
        ``ours`` (float), the mean over images of the median seconds;
        ``ratio`` (float); ``mmdet_bytes`` and ``ours_bytes`` (float), the
        peak memory; and ``differences`` (int), the number of elements that
        differ. For polygons also :func:`shares_that_differ`.
    """
    rows = []
    for masks in FORMS:
        times, memory, shares, different = [], [], [], 0
        for batch in load_images(source, polygons=masks == 'polygon'):
            scene = make_scene(batch)
            functions = mask_head_targets(scene)
            memory.append(peaks(functions))
            times.append(time_in_turn(functions, repeats))
            found, expected = (function() for function in functions.values())
            different += int((found != expected).sum())
            if masks == 'polygon':
                shares.append(shares_that_differ(scene))
        if times:
            row = dict(masks=masks, **compare(times), differences=different)
            rows.append(row | means_if_known(memory) | means_if_known(shares))
    return rows


def shares_that_differ(scene: Scene) -> dict[str, float]:
    """Compare targets from polygons with those from bitmaps and the shape.

    Args:
        scene (Scene): Image with polygons.

    Returns:
        dict[str, float]: ``unlike_bitmaps``, the share of cells of which the
        targets from polygons and from the same polygons as bitmaps differ;
        ``unlike_shape`` and ``bitmaps_unlike_shape``, the share of cells of
        which they differ from the shape, which fills at least half of a cell
        or not.
    """
    masks, where = scene.gt.masks, (scene.boxes, scene.inds)
    polygons = polygon_targets(masks, *where, MASK_SIZE).bool()
    packed = pack_gt_masks(as_bitmaps(masks), scene.boxes.device)
    bitmaps = mask_targets(packed, *where, MASK_SIZE).bool()
    fine = polygon_targets(masks, *where, FINE * MASK_SIZE)
    shape = F.avg_pool2d(fine, FINE) >= 0.5
    return dict(
        unlike_bitmaps=(polygons != bitmaps).float().mean().item(),
        unlike_shape=(polygons != shape).float().mean().item(),
        bitmaps_unlike_shape=(bitmaps != shape).float().mean().item(),
    )


def peaks(functions: Mapping[str, Callable[[], object]]) -> dict:
    """Measure the peak memory of functions, in bytes by name."""
    return {
        f'{name}_bytes': peak_memory(functions[name])
        for name in ('ours', 'mmdet')
    }


def means_if_known(rows: list[dict]) -> dict[str, float]:
    """Average rows, unless the system did not give their values."""
    known = rows and None not in rows[0].values()
    return means(rows) if known else {}


def step_targets(scene: Scene) -> dict[str, Callable[[], Tensor]]:
    """Set up both targets of a step: one packing of ours, both of mmdet."""
    heads = mask_heads()
    theirs = MMDetMaskIoUHead(num_classes=1, fc_out_channels=8, **SMALL)
    ours = MaskIoUHead(num_classes=1, fc_out_channels=8, **SMALL)
    logits = scene.mask_probs.logit(eps=1e-6)
    sampling, samples = [scene.sampling], scene.batch['data_samples']
    scene.sampling.pos_gt_labels.zero_()

    def of_mmdet() -> Tensor:
        gt = [scene.gt]
        targets = heads['mmdet'].get_targets(sampling, gt, CFG)
        return theirs.get_targets(sampling, gt, logits, targets, CFG)

    def of_ours() -> Tensor:
        (sample,) = pack_samples(samples, scene.boxes.device)
        gt, probs = [sample.gt_instances], scene.mask_probs[:, None]
        heads['ours'].get_targets(sampling, gt, CFG)
        targets = ours.get_targets(probs, sampling, gt, [None], CFG)
        return targets['mask_iou_targets']

    return dict(mmdet=of_mmdet, ours=of_ours)


def measure_step_targets(source: Source, repeats: int) -> list[dict]:
    """Time both targets of a training step together.

    Args:
        source (Source): Images.
        repeats (int): Timed calls for each image.

    Returns:
        list[dict]: For bitmaps and polygons as
        :func:`measure_mask_targets`, without differences.
    """
    rows = []
    for masks in FORMS:
        times, memory = [], []
        for batch in load_images(source, polygons=masks == 'polygon'):
            functions = step_targets(make_scene(batch))
            memory.append(peaks(functions))
            times.append(time_in_turn(functions, repeats))
        if times:
            row = dict(masks=masks, **compare(times))
            rows.append(row | means_if_known(memory))
    return rows
