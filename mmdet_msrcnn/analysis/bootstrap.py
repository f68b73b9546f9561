"""Bootstrap over images: how much figures depend on the choice of images.

Shape shorthand: B resamples, I images.
"""

from collections.abc import Iterable

import numpy as np
from pycocotools.cocoeval import COCOeval
from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    iou_statistics,
    share_of_gain,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval


def resample_images(num_images: int, num: int, seed: int = 0) -> np.ndarray:
    """Draw resamples, which are the same for all models to compare.

    Args:
        num_images (int): Number of images I.
        num (int): Number of resamples B.
        seed (int): Seed. Defaults to 0.

    Returns:
        ndarray: Indices of images drawn with replacement, shape (B, I).
    """
    rng = np.random.default_rng(seed)
    return rng.integers(num_images, size=(num, num_images))


def bootstrap(
    coco_eval: RankedCOCOeval, samples: np.ndarray, name: str = ''
) -> list[Figures]:
    """Evaluate masks on resampled images.

    Args:
        coco_eval (RankedCOCOeval): Evaluator of the model.
        samples (ndarray): From :func:`resample_images`, shape (B, I).
        name (str): Name for the progress bar. Defaults to ''.

    Returns:
        list[Figures]: For each resample the mask AP by each ranking of the
        evaluator. Mask-scoring models also have the share of the gain and
        the figures of :func:`iou_statistics`. Undefined figures are NaN, such
        as AP without instances.
    """
    evaluators = {}
    for ranking, key in coco_eval.rankings.items():
        coco_eval.precision_by(key, by_area=False)
        evaluators[ranking] = WeightedPrecision(coco_eval)
    ious_of: dict[int, list] = {
        img_id: [] for img_id in coco_eval.params.imgIds
    }
    for det in coco_eval.detections:
        pair = det.get('mask_iou'), det['true_iou']
        ious_of[det['image_id']].append(pair)
    images = [np.array(ious).reshape(-1, 2) for ious in ious_of.values()]
    rows = []
    progress = track(
        samples, f'Bootstrap {name}', console=Console(stderr=True)
    )
    for sample in progress:
        counts = np.bincount(sample, minlength=len(images))
        row = {
            ranking: evaluator.mean(counts)
            for ranking, evaluator in evaluators.items()
        }
        if 'mask_score' in row:
            ious = np.concatenate([images[i] for i in sample])
            row['share'] = share_of_gain(*(row[key] for key in GAIN))
            row |= iou_statistics(ious[:, 0], ious[:, 1])
        rows.append(Figures(**row))
    return rows


class WeightedPrecision:
    """Precision of one ranking on images with repetitions.

    It equals the precision of pycocotools on a data set that contains each
    image that often, except for the order of equal scores. Nothing is
    accumulated again: drawing an image twice does not change the order of the
    detections. The best precision at a recall is reached at the last of
    several equal true positives.

    Args:
        coco_eval (COCOeval): Evaluator after ``evaluate``.
    """

    def __init__(self, coco_eval: COCOeval) -> None:
        params = coco_eval.params
        shape = len(params.catIds), len(params.areaRng), len(params.imgIds)
        table = np.empty(len(coco_eval.evalImgs), dtype=object)
        table[:] = coco_eval.evalImgs
        self.recall_thrs = params.recThrs
        self.classes = [_sort(row) for row in table.reshape(shape)[:, 0]]

    def mean(self, counts: np.ndarray) -> float:
        """Average the precision over classes, IoU thresholds and recalls.

        Args:
            counts (ndarray): How often each image was drawn, shape (I, ).

        Returns:
            float: In [0, 1], over the classes with instances; NaN without
            instances.
        """
        tables = [
            self._precision(counts, *ranked)
            for ranked in self.classes
            if counts @ ranked[0]
        ]
        if not tables:
            return float('nan')
        return float(np.stack(tables, axis=-1).mean())

    def _precision(
        self,
        counts: np.ndarray,
        num_gts: np.ndarray,
        images: np.ndarray,
        true: np.ndarray,
        false: np.ndarray,
    ) -> np.ndarray:
        weights = counts[images]
        true = np.cumsum(true * weights, axis=1)
        false = np.cumsum(false * weights, axis=1)
        recall = true / (counts @ num_gts)
        precision = true / (true + false + np.spacing(1))
        # Best precision at this or a higher recall; 0 above the highest.
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        best = np.pad(best, ((0, 0), (0, 1)))
        return np.stack(
            [
                row[np.searchsorted(rising, self.recall_thrs)]
                for row, rising in zip(best, recall, strict=True)
            ]
        )


def _sort(eval_imgs: Iterable[dict | None]) -> tuple[np.ndarray, ...]:
    """Sort the detections of a class over all images by score.

    Args:
        eval_imgs (Iterable[dict | None]): pycocotools' result per image.

    Returns:
        tuple[ndarray]: Number of instances per image, shape (I, ). For the
        sorted detections: the image, shape (D, ), whether they are true
        positives and whether they are false positives, shape (T, D).
    """
    eval_imgs = list(eval_imgs)
    num_gts = np.array(
        [0 if e is None else np.sum(e['gtIgnore'] == 0) for e in eval_imgs]
    )
    found = [(i, e) for i, e in enumerate(eval_imgs) if e is not None]
    if not found:
        nothing = np.zeros((0, 0), bool)
        return num_gts, np.zeros(0, int), nothing, nothing
    scores = np.concatenate([e['dtScores'] for _, e in found])
    images = np.concatenate([np.full(len(e['dtScores']), i) for i, e in found])
    matched = np.concatenate([e['dtMatches'] for _, e in found], axis=1) > 0
    counted = ~np.concatenate([e['dtIgnore'] for _, e in found], axis=1)
    order = np.argsort(-scores, kind='mergesort')
    true, false = matched & counted, ~matched & counted
    return num_gts, images[order], true[:, order], false[:, order]


def interval(values: Iterable[float]) -> tuple[float, float]:
    """Compute the 95 % percentile interval of resampled figures.

    Args:
        values (Iterable[float]): The figure on each resample. NaN
            (undefined) is left out.

    Returns:
        tuple[float, float]: Lower and upper end; NaN if no value is left.
    """
    defined = np.array(list(values), float)
    defined = defined[~np.isnan(defined)]
    if not defined.size:
        return float('nan'), float('nan')
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def count_undefined(values: Iterable[float]) -> int:
    """Count the values that :func:`interval` leaves out."""
    return int(np.isnan(list(values)).sum())
