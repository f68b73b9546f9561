"""Plots of a report in HTML, with values where the mouse points."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mmdet_msrcnn.analysis.report import Evaluation
from mmdet_msrcnn.analysis.score_thresholds import (
    IOU_THRS,
    can_cut,
    pool,
    rankings_of,
)
from mmdet_msrcnn.analysis.threshold_tables import RANKING_NAMES
from mmdet_msrcnn.evaluation.functional import mean_precision
from mmdet_msrcnn.evaluation.matches import matches_at
from mmdet_msrcnn.evaluation.operating_points import operating_points
from mmdet_msrcnn.evaluation.precision import RECALL_THRS

# Points of a curve or a cloud, so that the file stays small.
NUM_POINTS = 400
NUM_DOTS = 1000


def plots(evaluations: Mapping[str, Evaluation]) -> dict[str, go.Figure]:
    """Make all plots.

    Args:
        evaluations (Mapping[str, Evaluation]): Evaluations by model.

    Returns:
        dict[str, go.Figure]: Figures by their title.
    """
    found = {
        'Precision against recall': precision_recall(evaluations),
        'Mask AP against the IoU threshold': ap_by_iou(evaluations),
        'Score against true MaskIoU': score_by_iou(evaluations),
    }
    if all(can_cut(one.masks) for one in evaluations.values()):
        found['F1 against the score threshold'] = f1_by_threshold(evaluations)
    return found


def figure(x: str, y: str) -> go.Figure:
    """Make an empty plot with the titles of its axes."""
    margin = dict(l=50, r=10, t=10, b=45)
    # Below, where it does not take the width of a phone.
    legend = dict(orientation='h', y=-0.2)
    return go.Figure(
        layout=dict(
            xaxis_title=x,
            yaxis_title=y,
            margin=margin,
            legend=legend,
            template='plotly_white',
            height=380,
        )
    )


def precision_recall(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """Plot the mean precision over classes and IoU thresholds."""
    found = figure('recall', 'precision')
    for name, one in evaluations.items():
        for ranking in rankings_of(one.masks):
            every = one.precisions[ranking][..., 0]
            curve = [mean_precision(column) for column in every.swapaxes(0, 1)]
            label = f'{name}, {RANKING_NAMES[ranking]}'
            found.add_scatter(x=RECALL_THRS, y=np.round(curve, 4), name=label)
    return found


def ap_by_iou(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """Plot the mask AP at each IoU threshold."""
    found = figure('IoU threshold', 'mask AP')
    for name, one in evaluations.items():
        iou_thrs = one.masks.iou_thrs
        for ranking in rankings_of(one.masks):
            every = one.precisions[ranking][..., 0]
            aps = [100 * mean_precision(table) for table in every]
            label = f'{name}, {RANKING_NAMES[ranking]}'
            found.add_scatter(x=iou_thrs, y=np.round(aps, 2), name=label)
    return found


def f1_by_threshold(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """Plot F1, precision and recall with one threshold for all classes."""
    found = figure('score threshold', f'F1 at mask IoU {IOU_THRS[0]}')
    for name, one in evaluations.items():
        for ranking, key in rankings_of(one.masks).items():
            ranked = one.masks.ranked_by(key)
            matches = pool(matches_at(ranked, IOU_THRS[0]))
            columns = operating_points(matches)
            kept = np.linspace(0, max(len(columns) - 1, 0), NUM_POINTS)
            kept = np.unique(kept.round().astype(int))
            columns = columns[kept[: len(columns)]]
            found.add_scatter(
                x=columns[:, 0].round(4),
                y=columns[:, 3].round(4),
                customdata=columns[:, 1:3].round(3),
                name=f'{name}, {RANKING_NAMES[ranking]}',
                hovertemplate=(
                    'threshold %{x}<br>F1 %{y}<br>precision %{customdata[0]}'
                    '<br>recall %{customdata[1]}'
                ),
            )
    return found


def score_by_iou(evaluations: Mapping[str, Evaluation]) -> go.Figure:
    """Plot each score against the true MaskIoU of some detections."""
    found = figure('true MaskIoU', 'score')
    for name, one in evaluations.items():
        dets = one.masks.detections
        rng = np.random.default_rng(0)
        num = min(NUM_DOTS, len(dets))
        chosen = rng.choice(len(dets), num, replace=False)
        for ranking, key in rankings_of(one.masks).items():
            found.add_scatter(
                x=[round(dets[i]['true_iou'], 3) for i in chosen],
                y=[round(dets[i][key], 3) for i in chosen],
                mode='markers',
                marker=dict(size=4, opacity=0.4),
                name=f'{name}, {RANKING_NAMES[ranking]}',
            )
    return found
