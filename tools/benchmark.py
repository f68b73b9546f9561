"""Measure what mask scoring costs.

    python tools/benchmark.py flops
    python tools/benchmark.py inference --images data/coco/val2017 --threads 1

- flops: parameters and multiply-accumulates per proposal of the mask head and
  of the MaskIoU head with each fusion, at the sizes of the COCO configs.
- inference: seconds per image of Mask R-CNN, mmdet's MS R-CNN and ours,
  R-50 FPN at 1333x800, in turn on the same images and with the same weights,
  which are random but detect as many objects as they may.
"""

import argparse
from pathlib import Path

import torch
from mmengine.config import Config

from mmdet_msrcnn.benchmarks.inference import inference
from mmdet_msrcnn.utils.environment import environment
from mmdet_msrcnn.utils.flops import head_costs
from mmdet_msrcnn.utils.io import write_json

CONFIGS = Path(__file__).parents[1] / 'configs'
MS_RCNN = CONFIGS / 'ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'
ABLATIONS = CONFIGS / 'ablations'
R50 = CONFIGS / 'ms_rcnn/ms-rcnn_r50_fpn_18e_coco.py'
R50_TWIN = CONFIGS / 'mask_rcnn/mask-rcnn_r50_fpn_18e_coco.py'


def flops(args: argparse.Namespace) -> list[dict]:
    """Cost of the mask head and of the MaskIoU head of each fusion's config.

    Returns:
        list[dict]: A row per head: ``head`` (str), ``parameters`` (int) and
        ``gmac`` (float), per RoI.
    """
    rows = []
    for path in (MS_RCNN, *sorted(ABLATIONS.glob('*_fusion-*.py'))):
        roi_head = Config.fromfile(path).model.roi_head
        costs = head_costs(roi_head)
        if not rows:
            rows.append(dict(head='mask head', **costs['mask_head']))
        fusion = roi_head.mask_iou_head.get('fusion', 'concat')
        name = f'MaskIoU head, {fusion}'
        rows.append(dict(head=name, **costs['mask_iou_head']))
    return rows


def detect(args: argparse.Namespace) -> list[dict]:
    """Time the detection of images, see :func:`inference`."""
    if args.images is None:
        raise SystemExit('inference needs --images, a folder of images')
    images = sorted(p for p in args.images.iterdir() if p.is_file())
    if not images:
        raise SystemExit(f'{args.images} has no images')
    chosen = images[:: max(1, len(images) // args.num_images)]
    return inference(
        R50, R50_TWIN, chosen[: args.num_images], args.device, args.repeats
    )


# Heading, key, factor and decimals (None: as it is) of each column.
HEADS = (
    ('per proposal', 'head', None, None),
    ('parameters, M', 'parameters', 1e-6, 2),
    ('multiply-accumulates, G', 'gmac', 1, 3),
)
MODELS = (
    ('model', 'model', None, None),
    ('seconds per image', 'seconds', 1, 3),
    ('ratio to Mask R-CNN', 'ratio', 1, 3),
    ('detections per image', 'detections', 1, 1),
)
BENCHMARKS = {'flops': (flops, HEADS), 'inference': (detect, MODELS)}


def to_markdown(columns: tuple, rows: list[dict]) -> str:
    """Format rows as a Markdown table."""

    def cell(row: dict, key: str, factor: float | None, decimals: int) -> str:
        if factor is None:
            return row[key]
        return f'{row[key] * factor:.{decimals}f}'

    lines = [
        f'| {" | ".join(heading for heading, *_ in columns)} |',
        '|' + '---|' * len(columns),
    ]
    for row in rows:
        cells = (cell(row, *column) for _, *column in columns)
        lines.append(f'| {" | ".join(cells)} |')
    return '\n'.join(lines)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('benchmark', choices=BENCHMARKS)
    parser.add_argument(
        '--out', type=Path, help='also write the result as JSON'
    )
    parser.add_argument('--images', type=Path, help='folder of images')
    parser.add_argument('--num-images', type=int, default=5)
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--threads', type=int, help='CPU threads')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    measure, columns = BENCHMARKS[args.benchmark]
    rows = measure(args)
    print(to_markdown(columns, rows))
    if args.out:
        write_json(args.out, dict(environment=environment(), rows=rows))


if __name__ == '__main__':
    main()
