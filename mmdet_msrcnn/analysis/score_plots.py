"""Plots of the quality of mask scores."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm

from mmdet_msrcnn.analysis.figure_files import saved_figure
from mmdet_msrcnn.analysis.figures import FORMS
from mmdet_msrcnn.evaluation.functional import mean_precision

BINS = np.linspace(0, 1, 51)
RELIABILITY_BINS = np.linspace(0, 1, 11)


@contextmanager
def _panels(path: str | Path, num: int, **axes) -> Iterator[list[Axes]]:
    """Make a row of square panels and write it to a PNG."""
    with saved_figure(path, (4.5 * num, 4.5), 130) as figure:
        yield [figure.add_subplot(1, num, i + 1, **axes) for i in range(num)]


def plot_score_vs_iou(detections: list[dict], path: str | Path) -> None:
    """Plot class score and predicted MaskIoU against true MaskIoU.

    Detections whose true MaskIoU is 0 are left out, as in the reported
    correlation.

    Args:
        detections (list[dict]): With ``score``, ``true_iou`` and, for a
            mask-scoring model, ``mask_iou``.
        path (str or Path): PNG file to write.
    """
    names = {'score': 'class score', 'mask_iou': 'predicted MaskIoU'}
    if not all('mask_iou' in det for det in detections):
        del names['mask_iou']
    detections = [det for det in detections if det['true_iou'] > 0]
    true_ious = np.array([det['true_iou'] for det in detections])
    options = dict(aspect='equal', xlabel='true MaskIoU')
    with _panels(path, len(names), **options) as panels:
        for axes, (key, name) in zip(panels, names.items(), strict=True):
            values = np.array([det[key] for det in detections])
            axes.plot([0, 1], [0, 1], color='0.7', linewidth=1)
            axes.set(ylabel=name)
            if len(values) > 1:
                axes.hist2d(true_ious, values, BINS, norm=LogNorm())
                pearson = np.corrcoef(true_ious, values)[0, 1]
                axes.set_title(f'Pearson r = {pearson:.3f}')


def reliability(
    predicted: np.ndarray, true: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute mean prediction and mean truth in ten bins of the prediction.

    Args:
        predicted (ndarray): Predicted MaskIoU in [0, 1], shape (D, ).
        true (ndarray): True MaskIoU in [0, 1], shape (D, ).

    Returns:
        tuple[ndarray]: Number of detections, mean predicted and mean true
        MaskIoU per bin, shape (10, ). Means are NaN in empty bins.
    """
    inner = RELIABILITY_BINS[1:-1]
    index = np.digitize(predicted, inner)
    counts, *sums = (
        np.bincount(index, weights, minlength=len(inner) + 1)
        for weights in (None, predicted, true)
    )
    means = (
        np.divide(
            s, counts, out=np.full(len(counts), np.nan), where=counts > 0
        )
        for s in sums
    )
    return counts, *means


def plot_reliability(detections: list[dict], path: str | Path) -> None:
    """Plot the mean true MaskIoU of detections with similar predictions.

    A calibrated head lies on the diagonal. All detections count, also those
    without an instance, because their masks are ranked too.

    Args:
        detections (list[dict]): With ``mask_iou`` and ``true_iou``.
        path (str or Path): PNG file to write.
    """
    counts, predicted, true = reliability(
        *(
            np.array([det[key] for det in detections])
            for key in ('mask_iou', 'true_iou')
        )
    )
    with _panels(path, 1, xlabel='predicted MaskIoU') as (axes,):
        axes.bar(
            RELIABILITY_BINS[:-1],
            counts / counts.sum(),
            width=0.1,
            align='edge',
            color='0.85',
            label='share of the detections',
        )
        axes.plot([0, 1], [0, 1], color='0.7', linewidth=1)
        axes.plot(predicted, true, 'o-', label='mean true MaskIoU')
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.legend()


def plot_precision(
    precisions: dict[str, np.ndarray],
    iou_thrs: np.ndarray,
    recall_thrs: np.ndarray,
    path: str | Path,
) -> None:
    """Plot precision against recall, and AP against the IoU threshold.

    Args:
        precisions (dict[str, ndarray]): Precision by ranking, shape
            (T, R, K, A), from :meth:`MaskEvaluation.precision_by`.
        iou_thrs (ndarray): The T IoU thresholds.
        recall_thrs (ndarray): The R recalls.
        path (str or Path): PNG file to write.
    """
    with _panels(path, 2) as (left, right):
        for ranking, precision in precisions.items():
            every = precision[..., 0]
            curve = [mean_precision(column) for column in every.swapaxes(0, 1)]
            name = FORMS[ranking].heading.rpartition('by ')[-1]
            left.plot(recall_thrs, curve, label=name)
            aps = [100 * mean_precision(table) for table in every]
            right.plot(iou_thrs, aps, 'o-', label=name)
        left.set(
            xlabel='recall',
            ylabel='precision, mean over IoU thresholds and classes',
            xlim=(0, 1),
            ylim=(0, 1),
        )
        right.set(xlabel='IoU threshold', ylabel='mask AP', ylim=(0, None))
        left.legend(title='ranked by')
