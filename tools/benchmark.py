"""Measure what mask scoring costs.

    python tools/benchmark.py flops

prints parameters and multiply-accumulates per proposal of the mask head and
of the MaskIoU head with each fusion, at the sizes of the COCO configs.
"""

import argparse
import platform
from pathlib import Path

import mmcv
import mmdet
import mmengine
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import mmdet_msrcnn
from mmdet_msrcnn.registry import MODELS
from mmdet_msrcnn.utils.io import write_json

CONFIGS = Path(__file__).parents[1] / 'configs'
MS_RCNN = CONFIGS / 'ms_rcnn/ms-rcnn_r18_fpn_18e_coco.py'
ABLATIONS = CONFIGS / 'ablations'


def environment() -> dict:
    """What a figure depends on."""
    return dict(
        python=platform.python_version(),
        machine=platform.machine(),
        mmdet_msrcnn=mmdet_msrcnn.__version__,
        **{
            package.__name__: package.__version__
            for package in (torch, mmcv, mmengine, mmdet)
        },
    )


def cost(module: nn.Module, *inputs: torch.Tensor) -> dict:
    """Count the parameters and multiply-accumulates of a forward pass.

    Args:
        module (nn.Module): What is counted.
        *inputs (Tensor): Its inputs, for one RoI.

    Returns:
        dict: ``parameters`` (int) and ``gmac`` (float) of one RoI.
    """
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        module(*inputs)
    # Two operations each.
    macs = counter.get_total_flops() / 2
    parameters = sum(p.numel() for p in module.parameters())
    return dict(parameters=parameters, gmac=macs / 1e9)


def flops() -> list[dict]:
    """Cost of the mask head and of the MaskIoU head of each fusion's config.

    Returns:
        list[dict]: A row per head: ``head`` (str), and see :func:`cost`.
    """
    init_default_scope('mmdet')
    roi_heads = [
        Config.fromfile(path).model.roi_head
        for path in (MS_RCNN, *sorted(ABLATIONS.glob('*_fusion-*.py')))
    ]
    cfg = roi_heads[0].mask_head
    mask_head = MODELS.build(cfg)
    size = mask_head.roi_feat_size
    mask_feats = torch.randn(1, cfg.in_channels, *size)
    mask_probs = mask_head(mask_feats).detach().sigmoid()
    rows = [dict(head='mask head', **cost(mask_head, mask_feats))]
    for roi_head in roi_heads:
        cfg = dict(roi_head.mask_iou_head, num_classes=mask_probs.shape[1])
        head = MODELS.build(cfg)
        size = (head.roi_feat_size, head.roi_feat_size)
        mask_feats = torch.randn(1, head.in_channels, *size)
        inputs = (mask_feats, mask_probs, torch.tensor([0]))
        name = f'MaskIoU head, {cfg.get("fusion", "concat")}'
        rows.append(dict(head=name, **cost(head, *inputs)))
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
