"""Results to keep from a finished run."""

import hashlib
import json
import math
import time
from pathlib import Path

from mmengine.config import Config
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.report import Evaluation, evaluate
from mmdet_msrcnn.analysis.report_folder import write_report
from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.evaluation import functional
from mmdet_msrcnn.evaluation.coco_figures import class_figures
from mmdet_msrcnn.lab.environment import environment
from mmdet_msrcnn.lab.head_costs import head_gmacs
from mmdet_msrcnn.lab.reproduction.run_logs import (
    last_test,
    seconds_per_image,
    training_log,
)
from mmdet_msrcnn.utils.configs import main_metric

NUM_RESAMPLES = 200
STATISTICS = (*functional.STATISTICS, 'share')
# What a detection is, whatever ranks its mask.
DETECTION = ('image_id', 'category_id', 'bbox', 'score', 'segmentation')
# The main ranking of a method: its mask score if it has one.
METHODS = ('mask_score', 'class_score')


def detections_hash(detections: list[dict]) -> str:
    """Hash boxes, classes, class scores and masks, in their order.

    Args:
        detections (list[dict]): As in ``results.mask_scores.json``.

    Returns:
        str: SHA-256, the same for two models with the same detector.
    """
    kept = [{key: det[key] for key in DETECTION} for det in detections]
    text = json.dumps(kept, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def evaluate_run(folder: Path, name: str, test: Config) -> Evaluation:
    """Evaluate the results of a test and write a report.

    Args:
        folder (Path): Folder of the run, with ``results.mask_scores.json``.
            The report goes to ``report/`` in it.
        name (str): Name of the run in the report.
        test (Config): Config that was tested.

    Returns:
        Evaluation: The evaluation. Every run has the same resampled images.

    Raises:
        ValueError: If the model detects nothing.
    """
    results = json.loads((folder / 'results.mask_scores.json').read_text())
    detections = results.pop('detections')
    if not detections:
        raise ValueError('the model detects nothing')
    with silence():
        coco = COCO(main_metric(test.test_evaluator).ann_file)
    samples = resample_images(len(results['img_ids']), NUM_RESAMPLES)
    evaluation = evaluate(coco, detections, results, samples)
    dataset = test.test_dataloader.dataset
    prefix = dataset.get('data_prefix', {}).get('img', '')
    img_dir = Path(dataset.get('data_root') or '', prefix)
    write_report(folder / 'report', coco, {name: evaluation}, img_dir)
    return evaluation


def collect(
    folder: Path, evaluation: Evaluation, test: Config, config: Config
) -> dict:
    """Collect the results of a finished run.

    Args:
        folder (Path): Folder of the run.
        evaluation (Evaluation): From :func:`evaluate_run`.
        test (Config): Config that was tested.
        config (Config): Config that was trained, or ``test`` without training.

    Returns:
        dict: ``metrics`` (of the boxes, of each ranking of the masks, of the
        method's own ranking as ``mask`` and, by class, as ``class``, of the
        foreground maps by that ranking as ``camouflage`` if they were tested,
        statistics, cost and time),
        ``mask_ap_resampled`` and ``class_ap_resampled``, the hash of the
        detections, the log and the complete config.
    """
    results = json.loads((folder / 'results.mask_scores.json').read_text())
    figures, metrics = evaluation.figures.known(), dict(evaluation.breakdown)
    method = next(ranking for ranking in METHODS if ranking in metrics)
    metrics['mask'] = metrics[method]
    metrics['class'] = class_aps(evaluation, method)
    logged = last_test(folder / 'test')
    camouflage = camouflage_figures(logged, method)
    if camouflage:
        metrics['camouflage'] = camouflage
    metrics['statistics'] = {
        key: figures[key] for key in STATISTICS if key in figures
    }
    metrics['run'] = dict(
        seconds_per_image=seconds_per_image(folder / 'test'),
        **head_gmacs(test.model),
    )
    return dict(
        metrics=metrics,
        mask_ap_resampled=_resampled(evaluation, method),
        class_ap_resampled=_resampled(evaluation, 'class_score'),
        max_dets=evaluation.masks.max_dets,
        detections=len(results['detections']),
        detections_hash=detections_hash(results['detections']),
        environment=environment(),
        log=training_log(folder / 'train'),
        config=config.pretty_text,
        finished=time.strftime('%Y-%m-%d'),
    )


def _resampled(evaluation: Evaluation, ranking: str) -> list[float]:
    """Return the mask AP by a ranking of each set of resampled images."""
    return [
        round(getattr(sample, ranking), 6) for sample in evaluation.resamples
    ]


def camouflage_figures(logged: dict, ranking: str) -> dict[str, float]:
    """Choose the figures of :class:`CamouflageMetric` by one ranking.

    Args:
        logged (dict): From :func:`last_test`.
        ranking (str): One of ``METHODS``.

    Returns:
        dict[str, float]: ``s_measure`` and so on; empty without that metric.
    """
    prefix = f'camouflage/{ranking}_'
    return {
        key.removeprefix(prefix): value
        for key, value in logged.items()
        if key.startswith(prefix)
    }


def class_aps(evaluation: Evaluation, ranking: str) -> dict[str, float]:
    """Compute the mask AP of each class.

    Args:
        evaluation (Evaluation): From :func:`evaluate_run`.
        ranking (str): A key of its ``precisions``.

    Returns:
        dict[str, float]: AP in [0, 1] by name of the class; classes without
        an instance are left out.
    """
    masks = evaluation.masks
    classes = masks.coco.loadCats(masks.cat_ids)
    found = class_figures(evaluation.precisions[ranking], masks.iou_thrs)
    aps = {
        one['name']: figures['mAP']
        for one, figures in zip(classes, found, strict=True)
    }
    return {name: ap for name, ap in aps.items() if not math.isnan(ap)}
