"""Measure the cost of mask scoring, compared with mmdet.

    python tools/benchmark.py targets --threads 1
    python tools/benchmark.py step --ann ANNOTATIONS --img-dir FOLDER

- targets: MaskIoU targets of 128 positives, and their error compared with the
  IoU of the pasted masks.
- mask-targets: targets of the mask head, and their peak memory.
- step-targets: both targets of a step, from masks that are packed once.
- loading: the images with most instances, from files to masks.
- head: the mask head and the heads that score masks, also with bf16 autocast.
- step: a training step of R-18 FPN with 128 positives.
- joint-step: a training step of MS R-CNN+ and of Mask R-CNN, R-18 and R-50.
- inference: the detection of an image, R-50 FPN.
- any-model: the detection of an image with and without the mask score of
  tools/score_any.py, whose OUT_DIR --model names; images of its test set.
- onnx: the detection of an image by the exported detector and by PyTorch,
  without pasting; MS R-CNN+ with R-18 and R-50 FPN.
- paste: pasting 100 masks into the image.
- rles: encoding 300 masks of an image of 4000x3000 for the metric.
- eval: the metric with its three rankings, and mmdet's CocoMetric.
- eval-coco: the same, and a report with 200 resamples, on a data set made by
  chance with the counts of COCO val (--num-images, 5000 by default).
- eval-results: the same of the detections of a model, in --results; needs
  --ann.
- dense: targets, pasting and metric with 10 to 400 instances.
- flops: parameters and multiply-accumulates per proposal of each fusion and
  of the mask score head.

The images are annotated images at 1333x800: COCO val2017 in data/coco if it
exists, else the digits of `make demo`. Functions are called in turn on the
same inputs, in one process. All models have the same random weights and
detect as many objects as allowed. Seconds are medians, averaged over images.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
from mmengine.logging import MMLogger

from mmdet_msrcnn.compat.silence import silence
from mmdet_msrcnn.lab.benchmarks import (
    any_model,
    dense,
    evaluation,
    flops,
    heads,
    inference,
    joint_step,
    loading,
    onnx,
    paste,
    resampled_evaluation,
    rles,
    step,
    synthetic_coco,
    targets,
)
from mmdet_msrcnn.lab.benchmarks.scenes import Source
from mmdet_msrcnn.lab.benchmarks.table import to_markdown
from mmdet_msrcnn.lab.environment import environment
from mmdet_msrcnn.utils.arguments import positive
from mmdet_msrcnn.utils.io import check_not_overwritten, write_json

CONFIGS = Path(__file__).parents[1] / 'configs'
R18, R50 = (
    (
        CONFIGS / f'ms_rcnn/ms-rcnn_{backbone}_fpn_18e_coco.py',
        CONFIGS / f'mask_rcnn/mask-rcnn_{backbone}_fpn_18e_coco.py',
    )
    for backbone in ('r18', 'r50')
)
COCO, DIGITS = Path('data/coco'), Path('data/digits')
DEFAULTS = (
    (COCO / 'annotations/instances_val2017.json', COCO / 'val2017'),
    (DIGITS / 'val.json', DIGITS / 'val'),
)
FUSIONS = (
    R18[0],
    *sorted(CONFIGS.glob('ablations/*_fusion-*.py')),
    CONFIGS / 'ms_rcnn_plus/ms-rcnn-plus_r18_fpn_18e_coco.py',
)
PLUS_PAIRS = {
    f'R-{depth} FPN': (
        CONFIGS / f'ms_rcnn_plus/ms-rcnn-plus_r{depth}_fpn_18e_coco.py',
        CONFIGS / f'mask_rcnn/mask-rcnn_r{depth}_fpn_18e_coco.py',
    )
    for depth in (18, 50)
}
ON_ANY_DEVICE = ('head', 'step', 'joint-step', 'inference', 'any-model')
OWN_IMAGES = ('flops', 'head', 'any-model', 'eval-coco', 'eval-results')
NUM_IMAGES = 5


def on_source(measure: Callable[[Source, int], list[dict]]) -> Callable:
    """Measure the images that the arguments name."""
    return lambda args: measure(args.source, args.repeats)


# Function of the parsed arguments, and columns of the table.
BENCHMARKS = {
    'targets': (
        on_source(targets.measure_mask_iou_targets),
        targets.TARGET_COLUMNS,
    ),
    'mask-targets': (
        on_source(targets.measure_mask_targets),
        targets.MASK_TARGET_COLUMNS,
    ),
    'step-targets': (
        on_source(targets.measure_step_targets),
        targets.STEP_COLUMNS,
    ),
    'loading': (on_source(loading.measure_loading), loading.COLUMNS),
    'head': (
        lambda args: heads.measure_heads(*R50, args.device, args.repeats),
        heads.COLUMNS,
    ),
    'step': (
        lambda args: step.measure_steps(
            *R18, args.source, args.device, args.repeats
        ),
        step.COLUMNS,
    ),
    'joint-step': (
        lambda args: joint_step.measure_joint_steps(
            PLUS_PAIRS, args.source, args.device, args.repeats
        ),
        joint_step.COLUMNS,
    ),
    'inference': (
        lambda args: inference.measure_inference(
            *R50, args.source, args.device, args.repeats
        ),
        inference.COLUMNS,
    ),
    'any-model': (
        lambda args: any_model.measure_any_model(
            args.model, args.num_images, args.device, args.repeats
        ),
        any_model.COLUMNS,
    ),
    'onnx': (
        lambda args: onnx.measure_onnx(
            {name: ours for name, (ours, _) in PLUS_PAIRS.items()},
            args.source,
            args.repeats,
        ),
        onnx.COLUMNS,
    ),
    'paste': (on_source(paste.measure_paste), paste.COLUMNS),
    'rles': (on_source(rles.measure_rles), rles.COLUMNS),
    'eval': (on_source(evaluation.measure_evaluation), evaluation.COLUMNS),
    'eval-coco': (
        lambda args: resampled_evaluation.measure_synthetic(
            args.num_images, args.repeats
        ),
        resampled_evaluation.COLUMNS,
    ),
    'eval-results': (
        lambda args: resampled_evaluation.measure_results(
            args.ann, args.results, args.repeats
        ),
        resampled_evaluation.COLUMNS,
    ),
    'dense': (on_source(dense.measure_dense), dense.COLUMNS),
    'flops': (lambda args: flops.count_flops(FUSIONS), flops.COLUMNS),
}


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('benchmark', choices=BENCHMARKS)
    parser.add_argument('--out', type=Path, help='also write it as JSON')
    parser.add_argument('--ann', type=Path, help='COCO annotations')
    parser.add_argument('--img-dir', type=Path, help='folder of the images')
    parser.add_argument(
        '--model', type=Path, help='any-model: OUT_DIR of tools/score_any.py'
    )
    parser.add_argument(
        '--results', type=Path, help='eval-results: PREFIX.mask_scores.json'
    )
    parser.add_argument(
        '--num-images', type=positive, help=f'default {NUM_IMAGES}'
    )
    parser.add_argument('--repeats', type=positive, default=3)
    parser.add_argument('--device', choices=('cpu', 'cuda'), default='cpu')
    parser.add_argument('--threads', type=positive, help='CPU threads')
    args = parser.parse_args()
    if args.num_images is None:
        of_coco = args.benchmark == 'eval-coco'
        args.num_images = synthetic_coco.NUM_IMAGES if of_coco else NUM_IMAGES
    if args.benchmark == 'eval-results':
        if args.ann is None or args.results is None:
            parser.error('eval-results needs --ann and --results')
    elif (args.ann is None) != (args.img_dir is None):
        parser.error('--ann and --img-dir must be given together')
    chosen = (args.ann, args.img_dir)
    if args.ann is None:
        chosen = next((c for c in DEFAULTS if c[0].is_file()), None)
    if args.benchmark == 'any-model' and args.model is None:
        parser.error('any-model needs --model OUT_DIR of tools/score_any.py')
    if chosen is None and args.benchmark not in OWN_IMAGES:
        parser.error(
            'data/coco and data/digits do not exist. Give --ann and '
            '--img-dir, or run: python tools/datasets/make_digits.py '
            'data/digits'
        )
    if args.device != 'cpu' and args.benchmark not in ON_ANY_DEVICE:
        parser.error(
            f'{args.benchmark} runs only on the CPU; --device cuda works with '
            f'{", ".join(ON_ANY_DEVICE)}'
        )
    args.source = chosen and Source(*chosen, args.num_images)
    return args


def main() -> None:
    """Run the command."""
    args = parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
        cv2.setNumThreads(args.threads)
    if args.out:
        inputs = [path for path in (args.ann, args.results) if path]
        check_not_overwritten([args.out], inputs)
    # Otherwise models log the initialization of each weight.
    MMLogger.get_current_instance().setLevel('WARNING')
    measure, columns = BENCHMARKS[args.benchmark]
    with silence():
        rows = measure(args)
    print(to_markdown(columns, rows))
    if args.out:
        write_json(
            args.out,
            dict(
                benchmark=args.benchmark,
                environment=environment(),
                images=str(args.source.ann_file) if args.source else None,
                rows=rows,
            ),
        )


if __name__ == '__main__':
    main()
