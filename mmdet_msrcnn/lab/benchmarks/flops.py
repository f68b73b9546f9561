"""Parameters and multiply-accumulates of the heads of configs."""

from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config

from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.head_costs import head_costs
from mmdet_msrcnn.registry import MODELS

COLUMNS = (
    Column('per proposal', 'head'),
    Column('parameters, M', 'parameters', 2, 1e-6),
    Column('multiply-accumulates, G', 'gmac', 3),
)


def count_flops(configs: Sequence[Path]) -> list[dict]:
    """Count the cost of the mask head and of each config's MaskIoU head.

    Args:
        configs (Sequence[Path]): Configs of detectors with the same mask head.

    Returns:
        list[dict]: A row per head: ``head`` (str), ``parameters`` (int) and
        ``gmac`` (float), per RoI.
    """
    rows: list[dict] = []
    for path in configs:
        roi_head = Config.fromfile(path).model.roi_head
        costs = head_costs(roi_head)
        if not rows:
            rows.append(dict(head='mask head', **costs['mask_head']))
        head = roi_head.mask_iou_head
        learned = 'mask_scores' in MODELS.get(head.type).predicts
        name = 'mask score' if learned else 'MaskIoU'
        name += f' head, {head.get("fusion", "concat")}'
        rows.append(dict(head=name, **costs['mask_iou_head']))
    return rows
