"""Evaluation compared with mmdet's CocoMetric."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from mmdet.evaluation import CocoMetric
from mmdet.structures.mask import encode_mask_results

from mmdet_msrcnn.evaluation import MaskScoringMetric
from mmdet_msrcnn.lab.benchmarks.paste import NUM_DETECTIONS, paste
from mmdet_msrcnn.lab.benchmarks.scenes import (
    Scene,
    Source,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import time_in_turn
from mmdet_msrcnn.utils.coco import class_names

COLUMNS = (
    Column('mmdet, s', 'mmdet', 2),
    Column('ours, s', 'ours', 2),
    Column('ours / mmdet', 'ratio', 2),
)


def detections(scene: Scene, seed: int) -> tuple[dict, dict]:
    """Make ground truth and detections of an image for the metrics."""
    sample = scene.batch['data_samples'][0]
    height, width = sample.ori_shape
    boxes = scene.boxes / scene.boxes.new_tensor(sample.scale_factor * 2)
    scores, mask_ious = np.random.default_rng(seed).random((2, len(boxes)))
    pred = dict(
        img_id=sample.img_id,
        bboxes=boxes.numpy(),
        scores=scores,
        labels=scene.gt.labels[scene.inds].numpy(),
        masks=encode_mask_results(paste(scene)['ours']()),
        mask_ious=mask_ious,
        mask_scores=scores * mask_ious,
    )
    return dict(width=width, height=height, img_id=sample.img_id), pred


def evaluators(
    ann_file: Path, results: Sequence[tuple]
) -> dict[str, Callable[[], dict]]:
    """Set up CocoMetric and our metric on the same results."""
    content = json.loads(ann_file.read_text('utf-8'))
    args: dict = dict(ann_file=str(ann_file), metric=['bbox', 'segm'])
    metrics = dict(
        mmdet=CocoMetric(**args),
        # CocoMetric matches up to 1,000 detections.
        ours=MaskScoringMetric(max_dets=1000, **args),
    )
    for metric in metrics.values():
        metric.dataset_meta = dict(classes=class_names(content))
        metric.img_ids = [gt['img_id'] for gt, _ in results]
    return {
        name: partial(metric.compute_metrics, list(results))
        for name, metric in metrics.items()
    }


def measure_evaluation(source: Source, repeats: int) -> list[dict]:
    """Time the metrics on 100 detections per image.

    Args:
        source (Source): Images.
        repeats (int): Timed evaluations.

    Returns:
        list[dict]: A row with seconds of ``mmdet`` and ``ours`` (float), and
        ``ratio`` (float), ours over mmdet's.
    """
    results = [
        detections(make_scene(batch, NUM_DETECTIONS), i)
        for i, batch in enumerate(load_images(source))
    ]
    seconds = time_in_turn(evaluators(source.ann_file, results), repeats)
    return [dict(seconds, ratio=seconds['ours'] / seconds['mmdet'])]
