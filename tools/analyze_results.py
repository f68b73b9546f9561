"""Report on the mask scores of one or more models.

Reads the ``PREFIX.mask_scores.json`` that MaskScoringMetric writes if
``outfile_prefix`` is set. Writes to OUT_DIR:

- ``report.md`` and ``report.json``: box AP, mask AP by class score, by mask
  score and by oracle, the share of the gain from class score to oracle, and
  correlation of predicted and true MaskIoU, with bootstrap intervals over
  images. With several models also their differences to the first model, on the
  same resampled images.
  Also score thresholds: those of the best F1 for each ranking and class, with
  precision, recall, LRP error and calibration error.
- ``report.html``: the same as one file to open in a browser, with plots,
  errors by class and kind, and a gallery that can be filtered.
- ``score_vs_iou.png``: class score and predicted MaskIoU against true IoU.
- ``reliability.png``: true IoU of masks with the same predicted IoU.
- ``precision.png``: precision against recall, AP against the IoU threshold.
- With ``--img-dir``, ``rank_changes.png``: the masks whose rank changes most.
- With ``--img-dir``, ``overlays/*.png``: validation images; each instance is
  labelled with class, class score, MaskIoU and mask score.

Figures show the first model with mask scores. If no model has mask scores,
they show the first model, without the figures that need mask scores. Images
that the annotations lack are left out, and counted in a printed line. Example:

    python tools/analyze_results.py --ann data/digits/val.json \\
        --img-dir data/digits/val --out-dir work_dirs/demo \\
        'MS R-CNN+=work_dirs/demo/ms-rcnn-plus/results.mask_scores.json'
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

from mmdet_msrcnn.analysis.bootstrap import resample_images
from mmdet_msrcnn.analysis.report import evaluate
from mmdet_msrcnn.analysis.report_folder import write_report
from mmdet_msrcnn.analysis.result_files import (
    leave_out_images,
    read_ground_truth,
    read_results,
)
from mmdet_msrcnn.analysis.score_thresholds import f1_at
from mmdet_msrcnn.utils.arguments import natural, positive
from mmdet_msrcnn.utils.io import check_not_overwritten
from mmdet_msrcnn.utils.progress import report_step
from mmdet_msrcnn.utils.score_thresholds import read_report_thresholds


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'results', nargs='+', help='NAME=PREFIX.mask_scores.json of each model'
    )
    parser.add_argument('--ann', required=True, help='COCO ground truth')
    parser.add_argument('--out-dir', required=True, type=Path)
    parser.add_argument('--img-dir', type=Path, help='folder of the images')
    parser.add_argument('--num-overlays', type=natural, default=12)
    parser.add_argument(
        '--bootstrap',
        type=positive,
        default=500,
        help='number of resamples of the images',
    )
    parser.add_argument(
        '--thresholds',
        type=Path,
        help='report.json of the same models on other images, such as\n'
        'held-back training images: also report the F1 that its\n'
        'thresholds reach here, and cut the errors and the gallery at them',
    )
    return parser.parse_args()


def load_results(argument: str) -> tuple[str, dict]:
    """Read ``NAME=FILE``.

    Raises:
        ValueError: If the argument or the file is invalid.
    """
    name, _, path = argument.partition('=')
    if not path:
        raise ValueError(
            f'{argument!r} must be NAME=PREFIX.mask_scores.json, such as '
            f"'MS R-CNN+={name}'"
        )
    return name, read_results(path)


def check_protocols(models: dict[str, dict]) -> dict:
    """Check that all results were evaluated with the same settings.

    Args:
        models (dict[str, dict]): Content of ``mask_scores.json`` by name.

    Returns:
        dict: Arguments of the evaluators: ``cat_ids``, ``img_ids``,
        ``max_dets`` and ``iou_thrs``.

    Raises:
        ValueError: If they differ.
    """
    names = ('cat_ids', 'img_ids', 'max_dets', 'iou_thrs')
    first, *others = models.values()
    for name in names:
        if any(other[name] != first[name] for other in others):
            raise ValueError(
                f'the results differ in {name}; evaluate all models with the '
                'same test_evaluator'
            )
    return {name: first[name] for name in names}


def load_thresholds(path: Path, names: Iterable[str]) -> dict[str, dict]:
    """Read the thresholds of models from a ``report.json``.

    Raises:
        ValueError: If the file has none of a model.
    """
    report = read_report_thresholds(path)
    lacking = [name for name in names if name not in report]
    if lacking:
        raise ValueError(
            f'{path} has no thresholds of {lacking[0]!r}, only of '
            f'{list(report)}. Give the report.json of this tool for the same '
            'NAMEs on other images.'
        )
    return {name: report[name] for name in names}


def analyze(args: argparse.Namespace) -> str:
    """Run the analysis.

    Returns:
        str: The report, in Markdown.

    Raises:
        ValueError: If an input is invalid.
    """
    if args.img_dir and not args.img_dir.is_dir():
        raise ValueError(f'{args.img_dir} is not a folder')
    if args.out_dir.exists() and not args.out_dir.is_dir():
        raise ValueError(f'--out-dir {args.out_dir} is a file, not a folder')
    if args.thresholds:
        check_not_overwritten(
            [args.out_dir / 'report.json'], [args.thresholds]
        )
    models = dict(load_results(argument) for argument in args.results)
    if len(models) < len(args.results):
        raise ValueError('each model must have a different NAME')
    protocol = check_protocols(models)
    # First, because evaluation takes long.
    thresholds = (
        load_thresholds(args.thresholds, models) if args.thresholds else {}
    )
    coco = read_ground_truth(args.ann, protocol['cat_ids'])
    protocol, detections = leave_out_images(
        protocol,
        {name: results['detections'] for name, results in models.items()},
        coco.getImgIds(),
        args.ann,
    )
    samples = resample_images(len(protocol['img_ids']), args.bootstrap)
    evaluations = {
        name: evaluate(coco, dets, protocol, samples, name)
        for name, dets in detections.items()
    }
    at_thresholds = {}
    for name, given in thresholds.items():
        report_step(f'Computing the F1 of {name} at given thresholds')
        masks = evaluations[name].masks
        at_thresholds[name] = f1_at(masks, given, samples)
    return write_report(
        args.out_dir,
        coco,
        evaluations,
        args.img_dir,
        args.num_overlays,
        at_thresholds,
        thresholds,
    )


def main() -> None:
    """Run the command."""
    args = parse_args()
    try:
        text = analyze(args)
    except FileNotFoundError as error:
        raise SystemExit(
            f'{error}; --img-dir must be the folder of the images. All '
            f'numbers are in {args.out_dir}/report.json'
        ) from None
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    print(text)
    print(f'Wrote {args.out_dir}/report.html, report.md and its figures')


if __name__ == '__main__':
    main()
