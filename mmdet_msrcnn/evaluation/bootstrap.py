"""Bootstrap over images: how far a figure depends on which were drawn.

Shape shorthand: B resamples, I images.
"""

from collections.abc import Iterable
from copy import copy

import numpy as np
from pycocotools.cocoeval import COCOeval
from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    iou_statistics,
    mean_precision,
    share_of_gain,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import (
    RankedCOCOeval,
    accumulate,
)


def resample_images(num_images: int, num: int, seed: int = 0) -> np.ndarray:
    """Draw resamples; the same ones for every model that is compared.

    Args:
        num_images (int): Images of the data set.
        num (int): Resamples.
        seed (int): Seed. Defaults to 0.

    Returns:
        ndarray: Indices of images drawn with replacement, shape (B, I).
    """
    rng = np.random.default_rng(seed)
    return rng.integers(num_images, size=(num, num_images))


def bootstrap(
    coco_eval: RankedCOCOeval, samples: np.ndarray, name: str = ''
) -> list[dict[str, float]]:
    """Evaluate masks on resampled images.

    Args:
        coco_eval (RankedCOCOeval): Evaluator of the model.
        samples (ndarray): From :func:`resample_images`, shape (B, I).
        name (str): Name for the progress bar. Defaults to ''.

    Returns:
        list[dict[str, float]]: For each resample the mask AP by each ranking
        of the evaluator, and of a mask-scoring model the ``share`` of the
        possible gain and the figures of :func:`iou_statistics`.
    """
    evaluators = {}
    for ranking, key in coco_eval.rankings.items():
        coco_eval.precision_by(key)
        evaluators[ranking] = _ImageSampler(coco_eval)
    ious_of = {img_id: [] for img_id in coco_eval.params.imgIds}
    for det in coco_eval.detections:
        pair = det.get('mask_iou'), det['true_iou']
        ious_of[det['image_id']].append(pair)
    images = [np.array(ious).reshape(-1, 2) for ious in ious_of.values()]
    rows = []
    progress = track(
        samples, f'Bootstrap {name}', console=Console(stderr=True)
    )
    for sample in progress:
        row = {
            ranking: mean_precision(evaluator.precision(sample))
            for ranking, evaluator in evaluators.items()
        }
        if 'oracle' in row:
            ious = np.concatenate([images[i] for i in sample])
            row['share'] = share_of_gain(*(row[key] for key in RANKINGS))
            row |= iou_statistics(ious[:, 0], ious[:, 1])
        rows.append(row)
    return rows


class _ImageSampler:
    """Accumulates the per-image results of one ranking over any images."""

    def __init__(self, coco_eval: COCOeval) -> None:
        params = coco_eval.params
        shape = len(params.catIds), len(params.areaRng), len(params.imgIds)
        table = np.empty(len(coco_eval.evalImgs), dtype=object)
        table[:] = coco_eval.evalImgs
        self.table = table.reshape(shape)[:, 0]
        self.coco_eval = COCOeval(iouType='segm')
        self.coco_eval.params = copy(params)
        self.coco_eval.params.areaRng = params.areaRng[:1]
        self.coco_eval._paramsEval = self.coco_eval.params

    def precision(self, images: Iterable[int]) -> np.ndarray:
        self.coco_eval.evalImgs = self.table[:, images].ravel().tolist()
        return accumulate(self.coco_eval)


def interval(values: Iterable[float]) -> tuple[float, float]:
    """95 % percentile interval of resampled figures.

    Args:
        values (Iterable[float]): The figure on each resample.

    Returns:
        tuple[float, float]: Lower and upper end.
    """
    low, high = np.percentile(list(values), (2.5, 97.5))
    return float(low), float(high)
