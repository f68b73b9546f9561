"""Bootstrap over images: how much figures depend on the choice of images.

Shape shorthand: B resamples, I images, K classes.
"""

from collections.abc import Iterable

import numpy as np

from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.analysis.weighted_precision import weighted_precisions
from mmdet_msrcnn.analysis.weighted_statistics import weighted_statistics
from mmdet_msrcnn.evaluation.functional import GAIN, share_of_gain
from mmdet_msrcnn.evaluation.mask_evaluation import MaskEvaluation


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


def count_images(samples: np.ndarray, num_images: int) -> np.ndarray:
    """Count how often each resample has each image.

    Args:
        samples (ndarray): From :func:`resample_images`, shape (B, n).
        num_images (int): Number of images I.

    Returns:
        ndarray: int32 of shape (B, I).
    """
    counts = np.zeros((len(samples), num_images), np.int32)
    for row, sample in zip(counts, samples, strict=True):
        row += np.bincount(sample, minlength=num_images).astype(np.int32)
    return counts


def bootstrap(
    masks: MaskEvaluation, samples: np.ndarray, name: str = ''
) -> list[Figures]:
    """Evaluate masks on resampled images.

    Args:
        masks (MaskEvaluation): Evaluation of the model.
        samples (ndarray): From :func:`resample_images`, shape (B, I).
        name (str): Name for the progress bar. Defaults to ''.

    Returns:
        list[Figures]: For each resample the mask AP by each ranking of the
        evaluation. Mask-scoring models also have the share of the gain and,
        with MaskIoUs, the figures of :func:`iou_statistics`. Undefined figures
        are NaN, such as AP without instances.
    """
    counts = count_images(samples, len(masks.img_ids))
    columns = weighted_precisions(
        {name: masks.ranked_by(key) for name, key in masks.rankings.items()},
        counts,
        f'Bootstrap {name}',
    )
    if 'mask_score' in columns:
        gain = zip(*(columns[key] for key in GAIN), strict=True)
        columns['share'] = np.array([share_of_gain(*aps) for aps in gain])
    if 'mask_score' in columns and 'mask_iou' in masks.detections[0]:
        overlaps = masks.overlaps
        columns |= weighted_statistics(
            masks.column('mask_iou')[overlaps.source],
            overlaps.true_ious,
            overlaps.images,
            counts,
        )
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [Figures(**dict(zip(columns, row, strict=True))) for row in rows]


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
