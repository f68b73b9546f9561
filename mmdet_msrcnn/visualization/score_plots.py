"""Plots of scores against the true MaskIoU."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmdet_msrcnn.utils.io import atomic_path


def plot_score_vs_iou(detections: list[dict], path: str | Path) -> None:
    """Scatter class score and predicted MaskIoU against the true MaskIoU.

    Detections whose true MaskIoU is 0 are left out, as in the correlation
    that is reported.

    Args:
        detections (list[dict]): With ``score``, ``mask_iou`` and
            ``true_iou``.
        path (str or Path): PNG file to write.
    """
    detections = [det for det in detections if det['true_iou'] > 0]
    true_ious = np.array([det['true_iou'] for det in detections])
    figure = Figure(figsize=(9, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    panels = (('class score', 'score'), ('predicted MaskIoU', 'mask_iou'))
    for i, (name, key) in enumerate(panels):
        values = np.array([det[key] for det in detections])
        axes = figure.add_subplot(1, 2, i + 1, aspect='equal')
        axes.plot([0, 1], [0, 1], color='0.7', linewidth=1)
        axes.scatter(true_ious, values, s=6, alpha=0.3, linewidths=0)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel='true MaskIoU', ylabel=name)
        if len(values) > 1:
            pearson = np.corrcoef(true_ious, values)[0, 1]
            axes.set_title(f'Pearson r = {pearson:.3f}')
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130)
