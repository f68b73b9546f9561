"""Report what the mask scores of one or more models are worth.

Reads the ``PREFIX.mask_scores.json`` that MaskScoringMetric writes when it is
given an ``outfile_prefix``, and writes to OUT_DIR

- ``report.md`` and ``report.json``: box AP, mask AP by class score, by mask
  score and by oracle, correlation of predicted and true MaskIoU, the share of
  the possible gain, with bootstrap intervals over images; with several models
  also their differences to the first, on the same resampled images;
- ``score_vs_iou.png``: class score and predicted MaskIoU against true IoU;
- ``reliability.png``: true IoU of masks with the same predicted IoU;
- ``precision.png``: precision against recall, AP against the IoU threshold;
- with ``--img-dir``, ``rank_changes.png``: the masks whose rank changes most,
  and ``overlays/*.png``: validation images whose instances
  are labelled with class, class score, MaskIoU and mask score.

Figures show the first model that has mask scores. Example:

    python tools/analyze_results.py --ann data/digits/val.json \\
        --img-dir data/digits/val --out-dir work_dirs/demo \\
        'MS R-CNN=work_dirs/demo/results.mask_scores.json'
"""

import argparse
import json
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from mmdet_msrcnn.evaluation.bootstrap import bootstrap, resample_images
from mmdet_msrcnn.evaluation.ranked_coco_eval import (
    RankedCOCOeval,
    silence,
)
from mmdet_msrcnn.evaluation.report import (
    difference,
    evaluate,
    summary,
    to_markdown,
)
from mmdet_msrcnn.utils.io import write_json, write_text
from mmdet_msrcnn.visualization.overlays import draw_overlays
from mmdet_msrcnn.visualization.rank_gallery import draw_rank_gallery
from mmdet_msrcnn.visualization.score_plots import (
    plot_precision,
    plot_reliability,
    plot_score_vs_iou,
)

# File name to caption; the last one needs the images.
FIGURES = {
    'score_vs_iou.png': 'class score and predicted IoU against true IoU',
    'reliability.png': 'true IoU of masks with the same predicted IoU',
    'precision.png': 'precision against recall, AP against the threshold',
    'rank_changes.png': 'masks that rise and fall most by the mask score',
}


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


def draw(
    args: argparse.Namespace,
    coco: COCO,
    results: dict,
    coco_eval: RankedCOCOeval,
    precisions: dict[str, np.ndarray],
) -> None:
    """Draw the figures of one model.

    Args:
        args (argparse.Namespace): The command line.
        coco (COCO): Ground truth.
        results (dict): Content of its ``mask_scores.json``.
        coco_eval (RankedCOCOeval): Its evaluator.
        precisions (dict[str, ndarray]): Its precision by each ranking.
    """
    detections, params = results['detections'], coco_eval.params
    scores, calibration, precision, gallery = (
        args.out_dir / name for name in FIGURES
    )
    plot_score_vs_iou(detections, scores)
    plot_reliability(detections, calibration)
    plot_precision(precisions, params.iouThrs, params.recThrs, precision)
    if args.img_dir is not None:
        draw_rank_gallery(coco, detections, args.img_dir, gallery)
        overlays = args.out_dir / 'overlays'
        draw_overlays(
            coco, detections, args.img_dir, overlays, args.num_overlays
        )


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
    rows, resamples, evaluated = {}, {}, {}
    for name, results in models.items():
        rows[name], coco_eval, precisions = evaluate(
            coco, results['detections'], protocol
        )
        evaluated[name] = coco_eval, precisions
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
        figures=dict(list(FIGURES.items())[: None if args.img_dir else -1]),
    )

    if report['plotted'] is not None:
        name = report['plotted']
        draw(args, coco, models[name], *evaluated[name])
    write_json(args.out_dir / 'report.json', report)
    # Last: its presence says that the report is complete.
    text = to_markdown(report)
    write_text(args.out_dir / 'report.md', text)
    print(text)
    print(f'Wrote {args.out_dir}/report.md and what it names')


if __name__ == '__main__':
    main()
