"""What the mask scores of one or more models are worth."""

import math
from typing import NamedTuple

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.analysis.bootstrap import (
    bootstrap,
    count_undefined,
    interval,
)
from mmdet_msrcnn.evaluation.coco_eval import box_evaluator, run_coco_eval
from mmdet_msrcnn.evaluation.functional import (
    GAIN,
    share_of_gain,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import RankedCOCOeval

# Columns of the table: key of a row, heading, factor, decimals.
COLUMNS = (
    ('box AP', 'box AP', 100, 1),
    ('class_score', 'mask AP by class score', 100, 1),
    ('mask_score', 'by mask score', 100, 1),
    ('oracle', 'by oracle', 100, 1),
    ('starred', "by the paper's starred row", 100, 1),
    ('share', 'share of the possible gain, %', 100, 1),
    ('pearson', 'Pearson r', 1, 3),
    ('spearman', 'Spearman r', 1, 3),
    ('mae', 'MAE', 1, 3),
)
SPREAD = 'true IoU std above class score 0.3'


class Evaluation(NamedTuple):
    """One model, evaluated.

    Attributes:
        row (dict): Its figures; those of :data:`COLUMNS` and more.
        coco_eval (RankedCOCOeval): Its evaluator, which has the detections.
        precisions (dict[str, ndarray]): Precision table of each ranking.
        resamples (list[dict]): Figures on resampled images, see
            :func:`bootstrap`.
    """

    row: dict
    coco_eval: RankedCOCOeval
    precisions: dict[str, np.ndarray]
    resamples: list[dict]


def evaluate(
    coco: COCO,
    detections: list[dict],
    protocol: dict,
    samples: np.ndarray,
    name: str = '',
) -> Evaluation:
    """Evaluate one model.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): Of a ``mask_scores.json``.
        protocol (dict): Arguments of the evaluators: ``cat_ids``,
            ``img_ids``, ``max_dets`` and ``iou_thrs``.
        samples (ndarray): Resamples of the images, shape (B, I).
        name (str): Name for the progress bar. Defaults to ''.

    Returns:
        Evaluation: Figures, evaluator, precision and resampled figures.
    """
    boxes = box_evaluator(coco, detections, **protocol)
    coco_eval = RankedCOCOeval(coco, detections, **protocol)
    precisions = {
        ranking: coco_eval.precision_by(key)
        for ranking, key in coco_eval.rankings.items()
    }
    breakdown = {
        name: summarize_precision(precision, protocol['iou_thrs'])
        for name, precision in (
            ('box', run_coco_eval(boxes)),
            *precisions.items(),
        )
    }
    row = {name: values['mAP'] for name, values in breakdown.items()}
    row['box AP'] = row.pop('box')
    if 'mask_score' in row:
        row['share'] = share_of_gain(*(row[ranking] for ranking in GAIN))
        row |= coco_eval.iou_statistics()
    true_ious = [
        det['true_iou'] for det in coco_eval.detections if det['score'] > 0.3
    ]
    row['detections'] = len(detections)
    row[SPREAD] = float(np.std(true_ious)) if true_ious else 0.0
    row['breakdown'] = breakdown
    resamples = bootstrap(coco_eval, samples, name)
    return Evaluation(row, coco_eval, precisions, resamples)


def compare(evaluations: dict[str, Evaluation]) -> dict:
    """Put the figures of models and their differences to the first together.

    Args:
        evaluations (dict[str, Evaluation]): Of each model, on the same
            resampled images.

    Returns:
        dict: ``models`` and ``differences``, each name to :func:`summary`;
        ``max_dets``; ``bootstrap``, the number of resamples.
    """
    (first, base), *others = evaluations.items()
    return dict(
        models={
            name: summary(one.row, one.resamples)
            for name, one in evaluations.items()
        },
        differences={
            f'{name} - {first}': summary(
                difference(one.row, base.row),
                list(map(difference, one.resamples, base.resamples)),
            )
            for name, one in others
        },
        max_dets=base.coco_eval.params.maxDets[-1],
        bootstrap=len(base.resamples),
    )


def format_row(
    name: str, row: dict, intervals: dict[str, tuple[float, float]]
) -> str:
    """Write one line of the table, intervals behind the figures."""
    cells = [name]
    for key, _, factor, decimals in COLUMNS:
        if key in row and math.isnan(row[key]):
            cells.append('undefined')
            continue
        cell = f'{row[key] * factor:.{decimals}f}' if key in row else ''
        if key in intervals:
            low, high = (end * factor for end in intervals[key])
            cell += f' [{low:.{decimals}f}, {high:.{decimals}f}]'
        cells.append(cell)
    return f'| {" | ".join(cells)} |'


def to_markdown(report: dict) -> str:
    """Write the report.

    Args:
        report (dict): From :func:`compare`, with ``plotted``, the model of
            the figures, and ``figures``, file name to caption.

    Returns:
        str: Markdown.
    """
    headings = ['model', *(heading for _, heading, *_ in COLUMNS)]
    lines = ['# Mask scores', '', f'| {" | ".join(headings)} |']
    lines.append('|' + '---|' * len(headings))
    for rows in (report['models'], report['differences']):
        lines += [
            format_row(name, entry['row'], entry['intervals'])
            for name, entry in rows.items()
        ]
    lines += [
        '',
        f'AP at {report["max_dets"]} detections per image. Oracle: class '
        'score x true MaskIoU, 0 where no instance of the class overlaps. The '
        "paper's starred row has the predicted MaskIoU there. The share of "
        'the possible gain is (mask score - class score) / (oracle - class '
        'score). Correlation and mean absolute error (MAE) of the predicted '
        'MaskIoU are over detections whose true MaskIoU is positive. In '
        f'brackets: 95 % intervals from {report["bootstrap"]} resamples of '
        'the images.',
        '',
    ]
    lines += _undefined_lines(report)
    for name, entry in report['models'].items():
        row = entry['row']
        lines.append(
            f'{name}: {row["detections"]} detections; the true IoU of those '
            'with a class score above 0.3 has a standard deviation of '
            f'{row[SPREAD]:.3f}.'
        )
    lines += ['', f'{report["plotted"]}:', '']
    for path, caption in report['figures'].items():
        lines += [f'![{caption}]({path})', '']
    return '\n'.join(lines)


def _undefined_lines(report: dict) -> list[str]:
    """Say which resamples the intervals leave out."""
    headings = {key: heading for key, heading, *_ in COLUMNS}
    lines = [
        f'{name}: {count} of {report["bootstrap"]} resamples have no '
        f'{headings.get(key, key)}, which is not defined there; the interval '
        'leaves them out.\n'
        for rows in (report['models'], report['differences'])
        for name, entry in rows.items()
        for key, count in entry['undefined'].items()
    ]
    return lines


def summary(row: dict, resampled: list[dict]) -> dict:
    """Put figures and the intervals of those that were resampled together.

    Args:
        row (dict): Figures.
        resampled (list[dict]): Figures on each resample.

    Returns:
        dict: ``row``, ``intervals`` and ``undefined``: of how many resamples
        a figure is not defined, where there are any.
    """
    columns = {
        key: [sample[key] for sample in resampled]
        for key in (resampled[0] if resampled else ())
    }
    counts = {key: count_undefined(values) for key, values in columns.items()}
    return dict(
        row=row,
        intervals={key: interval(values) for key, values in columns.items()},
        undefined={key: count for key, count in counts.items() if count},
    )


def difference(new: dict, old: dict) -> dict:
    """Subtract the figures of the table that both rows have."""
    keys = [key for key, *_ in COLUMNS if key in new and key in old]
    return {key: new[key] - old[key] for key in keys}
