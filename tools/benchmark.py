"""Measure what mask scoring costs.

    python tools/benchmark.py flops

prints parameters and multiply-accumulates per proposal of the mask head and
of the MaskIoU head with each fusion, at the sizes of the COCO configs.
"""

import argparse
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.utils.environment import environment
from mmdet_msrcnn.utils.flops import head_costs
from mmdet_msrcnn.utils.io import write_json

CONFIGS = Path(__file__).parents[1] / 'configs'
MS_RCNN = CONFIGS / 'ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'
ABLATIONS = CONFIGS / 'ablations'


def flops() -> list[dict]:
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


def flops_table(rows: list[dict]) -> str:
    """Format :func:`flops` as Markdown."""
    lines = [
        '| per proposal | parameters, M | multiply-accumulates, G |',
        '|---|---|---|',
    ]
    for row in rows:
        parameters = f'{row["parameters"] / 1e6:.2f}'
        lines.append(f'| {row["head"]} | {parameters} | {row["gmac"]:.3f} |')
    return '\n'.join(lines)


BENCHMARKS = {'flops': (flops, flops_table)}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('benchmark', choices=BENCHMARKS)
    parser.add_argument(
        '--out', type=Path, help='also write the result as JSON'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    measure, table = BENCHMARKS[args.benchmark]
    rows = measure()
    print(table(rows))
    if args.out:
        write_json(args.out, dict(environment=environment(), rows=rows))


if __name__ == '__main__':
    main()
