"""Evaluation of a whole data set, with resamples, compared with mmdet's."""

import json
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.evaluation.detections import to_detections
from mmdet_msrcnn.lab.benchmarks.evaluation import evaluators
from mmdet_msrcnn.lab.benchmarks.memory import peak_so_far
from mmdet_msrcnn.lab.benchmarks.synthetic_coco import make_set
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import cpu_seconds_in_turn
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS

NUM_RESAMPLES = 200
# Detections per image and class, which CocoMetric matches.
MAX_DETS = 1000
COLUMNS = (
    Column('images', 'images', 0),
    Column('detections', 'detections', 0),
    Column('mmdet, CPU s', 'mmdet', 2),
    Column('ours, CPU s', 'ours', 2),
    Column('ours / mmdet', 'ratio', 3),
    Column(f'report with {NUM_RESAMPLES} resamples, CPU s', 'resampled', 2),
    Column('report / mmdet', 'resampled_ratio', 3),
    Column('peak memory of ours, MB', 'memory', 0, 1e-6),
)


def measure_results(
    ann_file: Path, results_file: Path, repeats: int
) -> list[dict]:
    """Time the evaluation of the detections of a model.

    Args:
        ann_file (Path): Annotations.
        results_file (Path): ``PREFIX.mask_scores.json`` of a model.
        repeats (int): Timed evaluations.

    Returns:
        list[dict]: See :func:`measure`.
    """
    content = json.loads(ann_file.read_text('utf-8'))
    saved = json.loads(results_file.read_text('utf-8'))
    return measure(ann_file, to_results(content, saved), repeats)


def measure_synthetic(num_images: int, repeats: int) -> list[dict]:
    """Time the evaluation of a data set with the counts of COCO val.

    Args:
        num_images (int): Number of images.
        repeats (int): Timed evaluations.

    Returns:
        list[dict]: See :func:`measure`.
    """
    content, results = make_set(num_images)
    with tempfile.TemporaryDirectory() as folder:
        ann_file = Path(folder) / 'annotations.json'
        ann_file.write_text(json.dumps(content), encoding='utf-8')
        return measure(ann_file, results, repeats)


def measure(
    ann_file: Path, results: list[tuple[dict, dict]], repeats: int
) -> list[dict]:
    """Time the metrics, and the report without plots.

    Args:
        ann_file (Path): Annotations.
        results (list[tuple[dict, dict]]): Ground truth and predictions of each
            image, as metrics of mmdet keep them.
        repeats (int): Timed evaluations.

    Returns:
        list[dict]: A row with the numbers of ``images`` and ``detections``,
        the CPU time of ``mmdet``, ``ours`` and ``resampled`` in seconds,
        their ratios to mmdet's, and the peak ``memory`` of this process in
        bytes, before mmdet's metric runs.
    """
    functions: dict = evaluators(ann_file, results)
    coco = COCO(str(ann_file))
    cat_ids = [category['id'] for category in coco.dataset['categories']]
    img_ids = [gt['img_id'] for gt, _ in results]
    detections = to_detections([pred for _, pred in results], cat_ids)
    protocol = dict(
        cat_ids=cat_ids,
        img_ids=img_ids,
        max_dets=MAX_DETS,
        iou_thrs=COCO_IOU_THRS,
    )
    samples = resample_images(len(img_ids), NUM_RESAMPLES)
    functions['resampled'] = partial(
        evaluate, coco, detections, protocol, samples
    )
    for name in ('ours', 'resampled'):
        functions[name]()
    # Before mmdet's, whose memory would count as ours.
    memory = peak_so_far()
    seconds = cpu_seconds_in_turn(functions, repeats)
    return [
        dict(
            seconds,
            images=len(img_ids),
            detections=len(detections),
            ratio=seconds['ours'] / seconds['mmdet'],
            resampled_ratio=seconds['resampled'] / seconds['mmdet'],
            memory=memory,
        )
    ]


def to_results(content: dict, saved: dict) -> list[tuple[dict, dict]]:
    """Convert saved detections to results as metrics of mmdet keep them.

    Args:
        content (dict): Annotations.
        saved (dict): ``mask_scores.json``.

    Returns:
        list[tuple[dict, dict]]: Ground truth and predictions of each image.
    """
    labels = {cat['id']: i for i, cat in enumerate(content['categories'])}
    by_image = defaultdict(list)
    for det in saved['detections']:
        by_image[det['image_id']].append(det)
    images = {image['id']: image for image in content['images']}
    results = []
    for img_id in saved['img_ids']:
        dets = by_image[img_id]
        boxes = np.array([det['bbox'] for det in dets]).reshape(-1, 4)
        boxes[:, 2:] += boxes[:, :2]
        size = {side: images[img_id][side] for side in ('width', 'height')}
        pred = dict(
            img_id=img_id,
            bboxes=boxes,
            labels=np.array([labels[d['category_id']] for d in dets], int),
            scores=np.array([det['score'] for det in dets]),
            masks=[det['segmentation'] for det in dets],
            mask_ious=np.array([det['mask_iou'] for det in dets]),
            mask_scores=np.array([det['mask_score'] for det in dets]),
        )
        results.append((dict(size, img_id=img_id), pred))
    return results
