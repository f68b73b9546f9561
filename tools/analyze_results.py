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

Plot and overlays show the first model. Example:

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
    iou_statistics,
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
    ('class score', 'mask AP by class score', 100, 1),
    ('mask score', 'by mask score', 100, 1),
    ('oracle', 'by oracle', 100, 1),
    ('share', 'share of the possible gain, %', 100, 1),
    ('pearson', 'Pearson r', 1, 3),
    ('spearman', 'Spearman r', 1, 3),
    ('mae', 'MAE', 1, 3),
)


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
        '--max-dets', type=int, default=100, help='detections per image'
    )
    parser.add_argument(
        '--bootstrap', type=int, default=500, help='resamples of the images'
    )
    return parser.parse_args()


def load_results(argument: str) -> tuple[str, list[dict]]:
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
    detections = json.loads(Path(path).read_text())
    if not detections or 'mask_score' not in detections[0]:
        raise SystemExit(f'{path} holds no mask scores')
    return name, detections


def evaluate(
    coco: COCO, detections: list[dict], max_dets: int
) -> tuple[dict, RankedCOCOeval]:
    """Evaluate one model.

    Args:
        coco (COCO): Ground truth.
        detections (list[dict]): Content of a ``mask_scores.json``.
        max_dets (int): Detections per image and class that count.

    Returns:
        tuple[dict, RankedCOCOeval]: The row of the report, and the evaluator.
    """
    protocol = coco.getCatIds(), coco.getImgIds(), max_dets
    boxes = box_evaluator(coco, detections, *protocol)
    coco_eval = RankedCOCOeval(coco, detections, *protocol)
    breakdown = {'box': run_coco_eval(boxes)}
    for ranking, key in RANKINGS.items():
        breakdown[ranking] = coco_eval.precision_by(key)
    breakdown = {
        name: summarize_precision(precision, boxes.params.iouThrs)
        for name, precision in breakdown.items()
    }
    row = {name: values['mAP'] for name, values in breakdown.items()}
    row['box AP'] = row.pop('box')
    row['share'] = share_of_gain(*(row[ranking] for ranking in RANKINGS))
    true_ious = np.array([det['true_iou'] for det in detections])
    row |= iou_statistics(
        np.array([det['mask_iou'] for det in detections]), true_ious
    )
    confident = np.array([det['score'] for det in detections]) > 0.3
    row['detections'] = len(detections)
    row['true IoU std above class score 0.3'] = float(
        true_ious[confident].std() if confident.any() else 0
    )
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


def write_report(report: dict, out_dir: Path) -> str:
    """Write ``report.json`` and ``report.md``.

    Args:
        report (dict): ``models`` and ``differences``, each name to ``row``
            and ``intervals``; ``max_dets``; ``bootstrap``.
        out_dir (Path): Where to.

    Returns:
        str: The report in Markdown.
    """
    write_json(out_dir / 'report.json', report)
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
        spread = entry['row']['true IoU std above class score 0.3']
        lines.append(
            f'{name}: {entry["row"]["detections"]} detections; the true IoU '
            'of those with a class score above 0.3 has a standard deviation '
            f'of {spread:.3f}.'
        )
    lines += ['', '![scores against true IoU](score_vs_iou.png)', '']
    text = '\n'.join(lines)
    write_text(out_dir / 'report.md', text)
    return text


def main() -> None:
    """Run the analysis."""
    args = parse_args()
    models = dict(load_results(argument) for argument in args.results)
    with silence():
        coco = COCO(args.ann)
    samples = resample_images(len(coco.getImgIds()), args.bootstrap)
    report = dict(
        models={},
        differences={},
        max_dets=args.max_dets,
        bootstrap=args.bootstrap,
    )
    first = None
    for name, detections in models.items():
        row, coco_eval = evaluate(coco, detections, args.max_dets)
        resampled = bootstrap(coco_eval, samples, name)
        report['models'][name] = summary(row, resampled)
        if first is None:
            first = name, row, resampled
            continue
        report['differences'][f'{name} - {first[0]}'] = summary(
            {key: row[key] - first[1][key] for key, *_ in COLUMNS},
            [
                {key: new[key] - old[key] for key in new}
                for new, old in zip(resampled, first[2], strict=True)
            ],
        )
    text = write_report(report, args.out_dir)
    shown = next(iter(models.values()))
    plot_score_vs_iou(shown, args.out_dir / 'score_vs_iou.png')
    if args.img_dir is not None:
        overlays = args.out_dir / 'overlays'
        draw_overlays(coco, shown, args.img_dir, overlays, args.num_overlays)
    print(text)
    for written in sorted(args.out_dir.glob('[rso]*')):
        print(written)


def summary(row: dict, resampled: list[dict]) -> dict:
    """Put figures and the intervals of those that were resampled together."""
    intervals = {
        key: interval(sample[key] for sample in resampled)
        for key in (resampled[0] if resampled else ())
    }
    return dict(row=row, intervals=intervals)


if __name__ == '__main__':
    main()
