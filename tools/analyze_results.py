"""Report what the mask scores of one or more models are worth.

Reads the ``PREFIX.mask_scores.json`` that MaskScoringMetric writes when it is
given an ``outfile_prefix``, and writes to OUT_DIR

- ``report.md`` and ``report.json``: box AP, mask AP by class score, by mask
  score and by oracle, correlation of predicted and true MaskIoU, the share of
  the possible gain, with bootstrap intervals over images; with several models
  also their differences to the first, on the same resampled images;
- ``score_vs_iou.png``: class score and predicted MaskIoU against true IoU;
- with ``--img-dir``, ``overlays/*.png``: validation images whose instances
  are labelled with class, class score, MaskIoU and mask score.

Plot and overlays show the first model that has mask scores. Example:

    python tools/analyze_results.py --ann data/digits/val.json \\
        --img-dir data/digits/val --out-dir work_dirs/demo \\
        'MS R-CNN=work_dirs/demo/results.mask_scores.json'
"""

import argparse
import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.bootstrap import (
    bootstrap,
    interval,
    resample_images,
)
from mmdet_msrcnn.evaluation.functional import (
    RANKINGS,
    share_of_gain,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.ranked_coco_eval import (
    RankedCOCOeval,
    box_evaluator,
    run_coco_eval,
    silence,
)
from mmdet_msrcnn.utils.io import write_json, write_text
from mmdet_msrcnn.visualization.overlays import draw_overlays
from mmdet_msrcnn.visualization.score_plots import plot_score_vs_iou

# Columns of the table: key of a row, heading, factor, decimals.
COLUMNS = (
    ('box AP', 'box AP', 100, 1),
    ('class_score', 'mask AP by class score', 100, 1),
    ('mask_score', 'by mask score', 100, 1),
    ('oracle', 'by oracle', 100, 1),
    ('share', 'share of the possible gain, %', 100, 1),
    ('pearson', 'Pearson r', 1, 3),
    ('spearman', 'Spearman r', 1, 3),
    ('mae', 'MAE', 1, 3),
)
SPREAD = 'true IoU std above class score 0.3'


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'results', nargs='+', help='NAME=FILE.mask_scores.json, one per model'
    )
    parser.add_argument('--ann', required=True, help='COCO ground truth')
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--img-dir', type=Path, help='images, for overlays')
    parser.add_argument('--num-overlays', type=int, default=12)
    parser.add_argument(
        '--bootstrap', type=int, default=500, help='resamples of the images'
    )
    return parser.parse_args()


def load_results(argument: str) -> tuple[str, dict]:
    """Read ``NAME=FILE``.

    Raises:
        SystemExit: If the argument or the file is not what it should be.
    """
    name, _, path = argument.partition('=')
    if not path:
        raise SystemExit(f'{argument!r} must be NAME=FILE.mask_scores.json')
    if not Path(path).is_file():
        raise SystemExit(
            f'{path} does not exist. Write it with tools/test.py CONFIG '
            'CHECKPOINT --cfg-options test_evaluator.outfile_prefix=PREFIX'
        )
    results = json.loads(Path(path).read_text())
    if not isinstance(results, dict) or 'detections' not in results:
        raise SystemExit(f'{path} is not a PREFIX.mask_scores.json')
    if not results['detections']:
        raise SystemExit(f'{path} holds no detections')
    return name, results


def check_protocols(models: dict[str, dict]) -> dict:
    """Check that all results were evaluated alike.

    Args:
        models (dict[str, dict]): Name to content of a ``mask_scores.json``.

    Returns:
        dict: Arguments of the evaluators: ``cat_ids``, ``img_ids``,
        ``max_dets`` and ``iou_thrs``.

    Raises:
        SystemExit: If they differ.
    """
    names = ('cat_ids', 'img_ids', 'max_dets', 'iou_thrs')
    first, *others = models.values()
    for name in names:
        if any(other[name] != first[name] for other in others):
            raise SystemExit(f'the results were evaluated at other {name}')
    return {name: first[name] for name in names}


def evaluate(
    coco: COCO, detections: list[dict], protocol: dict
) -> tuple[dict, RankedCOCOeval]:
    """Evaluate one model.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): Of a ``mask_scores.json``.
        protocol (dict): See :func:`check_protocols`.

    Returns:
        tuple[dict, RankedCOCOeval]: The row of the report, and the evaluator.
    """
    boxes = box_evaluator(coco, detections, **protocol)
    coco_eval = RankedCOCOeval(coco, detections, **protocol)
    breakdown = {'box': run_coco_eval(boxes)}
    for ranking, key in coco_eval.rankings.items():
        breakdown[ranking] = coco_eval.precision_by(key)
    breakdown = {
        name: summarize_precision(precision, protocol['iou_thrs'])
        for name, precision in breakdown.items()
    }
    row = {name: values['mAP'] for name, values in breakdown.items()}
    row['box AP'] = row.pop('box')
    if 'oracle' in row:
        row['share'] = share_of_gain(*(row[ranking] for ranking in RANKINGS))
        row |= coco_eval.iou_statistics()
    true_ious = [det['true_iou'] for det in detections if det['score'] > 0.3]
    row['detections'] = len(detections)
    row[SPREAD] = float(np.std(true_ious)) if true_ious else 0.0
    row['breakdown'] = breakdown
    return row, coco_eval


def format_row(
    name: str, row: dict, intervals: dict[str, tuple[float, float]]
) -> str:
    """Write one line of the table, intervals behind the figures."""
    cells = [name]
    for key, _, factor, decimals in COLUMNS:
        cell = f'{row[key] * factor:.{decimals}f}' if key in row else ''
        if key in intervals:
            low, high = (end * factor for end in intervals[key])
            cell += f' [{low:.{decimals}f}, {high:.{decimals}f}]'
        cells.append(cell)
    return f'| {" | ".join(cells)} |'


def to_markdown(report: dict) -> str:
    """Write the report.

    Args:
        report (dict): ``models`` and ``differences``, each name to ``row``
            and ``intervals``; ``max_dets``; ``bootstrap``; ``plotted``, the
            model of the plot.

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
        'score x true MaskIoU where that is positive. Correlation and mean '
        'absolute error (MAE) of the predicted MaskIoU are over detections '
        'whose true MaskIoU is positive. In brackets: 95 % intervals from '
        f'{report["bootstrap"]} resamples of the images.',
        '',
    ]
    for name, entry in report['models'].items():
        row = entry['row']
        lines.append(
            f'{name}: {row["detections"]} detections; the true IoU of those '
            'with a class score above 0.3 has a standard deviation of '
            f'{row[SPREAD]:.3f}.'
        )
    if report['plotted'] is not None:
        lines += ['', f'{report["plotted"]}:', '']
        lines += ['![scores against true IoU](score_vs_iou.png)', '']
    return '\n'.join(lines)


def summary(row: dict, resampled: list[dict]) -> dict:
    """Put figures and the intervals of those that were resampled together."""
    intervals = {
        key: interval(sample[key] for sample in resampled)
        for key in (resampled[0] if resampled else ())
    }
    return dict(row=row, intervals=intervals)


def difference(new: dict, old: dict) -> dict:
    """Subtract the figures of the table that both rows have."""
    keys = [key for key, *_ in COLUMNS if key in new and key in old]
    return {key: new[key] - old[key] for key in keys}


def main() -> None:
    """Run the analysis."""
    args = parse_args()
    models = dict(load_results(argument) for argument in args.results)
    if len(models) < len(args.results):
        raise SystemExit('the names of the models must differ')
    protocol = check_protocols(models)
    with silence():
        coco = COCO(args.ann)
    samples = resample_images(len(protocol['img_ids']), args.bootstrap)
    rows, resamples = {}, {}
    for name, results in models.items():
        rows[name], coco_eval = evaluate(coco, results['detections'], protocol)
        resamples[name] = bootstrap(coco_eval, samples, name)
    first, *others = models
    report = dict(
        models={name: summary(rows[name], resamples[name]) for name in models},
        differences={
            f'{name} - {first}': summary(
                difference(rows[name], rows[first]),
                list(map(difference, resamples[name], resamples[first])),
            )
            for name in others
        },
        max_dets=protocol['max_dets'],
        bootstrap=args.bootstrap,
        plotted=next((name for name in rows if 'oracle' in rows[name]), None),
    )

    if report['plotted'] is not None:
        detections = models[report['plotted']]['detections']
        plot_score_vs_iou(detections, args.out_dir / 'score_vs_iou.png')
        if args.img_dir is not None:
            overlays = args.out_dir / 'overlays'
            draw_overlays(
                coco, detections, args.img_dir, overlays, args.num_overlays
            )
    write_json(args.out_dir / 'report.json', report)
    # Last: its presence says that the report is complete.
    text = to_markdown(report)
    write_text(args.out_dir / 'report.md', text)
    print(text)
    print(f'Wrote {args.out_dir}/report.md and what it names')


if __name__ == '__main__':
    main()
