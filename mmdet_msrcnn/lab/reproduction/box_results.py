"""Results of a model that predicts boxes alone."""

import json
import time
from pathlib import Path

from mmengine.config import Config
from pycocotools.coco import COCO

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation.functional import summarize_precision
from mmdet_msrcnn.evaluation.tables import box_precision
from mmdet_msrcnn.lab.environment import environment
from mmdet_msrcnn.lab.reproduction.run_logs import (
    seconds_per_image,
    training_log,
)
from mmdet_msrcnn.utils.coco import COCO_IOU_THRS
from mmdet_msrcnn.utils.configs import main_metric

MAX_DETS = 100


def predicts_masks(test: Config) -> bool:
    """Return whether a config evaluates masks."""
    metric = main_metric(test.test_evaluator).get('metric', ('bbox', 'segm'))
    return 'segm' in metric


def collect_boxes(folder: Path, test: Config, config: Config) -> dict:
    """Evaluate and collect the results of a finished run without masks.

    Args:
        folder (Path): Folder of the run, with ``results.bbox.json``.
        test (Config): Config that was tested.
        config (Config): Config that was trained.

    Returns:
        dict: ``metrics`` of the boxes and the time, the log and the complete
        config.

    Raises:
        ValueError: If the model detects nothing.
    """
    detections = json.loads((folder / 'results.bbox.json').read_text())
    if not detections:
        raise ValueError('the model detects nothing')
    metric = main_metric(test.test_evaluator)
    with silence():
        coco = COCO(metric.ann_file)
        max_dets = metric.get('max_dets', MAX_DETS)
        ids = coco.getCatIds(), coco.getImgIds()
    precision = box_precision(coco, detections, *ids, max_dets)
    return dict(
        metrics=dict(
            box=summarize_precision(precision, COCO_IOU_THRS),
            run=dict(seconds_per_image=seconds_per_image(folder / 'test')),
        ),
        max_dets=max_dets,
        detections=len(detections),
        environment=environment(),
        log=training_log(folder / 'train'),
        config=config.pretty_text,
        finished=time.strftime('%Y-%m-%d'),
    )
