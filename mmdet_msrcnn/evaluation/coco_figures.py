"""Functions that turn tables of precision and recall into figures.

Shape shorthand: T IoU thresholds, R recall points, K classes, A area ranges.
"""

from collections.abc import Sequence

import numpy as np
from terminaltables import AsciiTable

from mmdet_msrcnn.evaluation.functional import (
    MAP_ITEMS,
    mean_precision,
    summarize_precision,
)
from mmdet_msrcnn.evaluation.tables import STATISTIC_ITEMS, Tables

# mmdet's name of each item: index of its area range and of its entry in
# proposal_nums.
RECALL_ITEMS = {
    'AR@100': (0, 0),
    'AR@300': (0, 1),
    'AR@1000': (0, 2),
    'AR_s@1000': (1, 2),
    'AR_m@1000': (2, 2),
    'AR_l@1000': (3, 2),
}
# Boxes by class score, masks by their main ranking.
MAIN = ('bbox', 'segm', 'boundary')
# For masks in a ranking other than the main one.
EXTRA_ITEMS = MAP_ITEMS[:3]
ITEMS = (*MAP_ITEMS, *RECALL_ITEMS, *STATISTIC_ITEMS)


def check_items(items: Sequence[str], proposal_nums: Sequence[int]) -> None:
    """Check ``metric_items``.

    Args:
        items (Sequence[str]): Requested figures.
        proposal_nums (Sequence[int]): Detections per image for the recall.

    Raises:
        KeyError: If a figure does not exist, as in CocoMetric.
        ValueError: If recall is requested and ``proposal_nums`` does not have
            three values.
    """
    for item in items:
        if item not in ITEMS:
            raise KeyError(
                f'metric item "{item}" is not supported; metric_items may '
                f'contain {ITEMS}'
            )
    if set(items) & set(RECALL_ITEMS) and len(proposal_nums) != 3:
        raise ValueError(
            f'AR items need three proposal_nums, got {list(proposal_nums)}'
        )


def figures(
    tables: Tables,
    items: Sequence[str] | None,
    iou_thrs: Sequence[float] | np.ndarray,
) -> dict[str, float]:
    """Select the requested figures.

    Args:
        tables (Tables): Tables of boxes or masks.
        items (Sequence[str], optional): Some of ``ITEMS``. By default all
            except the recall.
        iou_thrs (Sequence[float]): The T IoU thresholds.

    Returns:
        dict[str, float]: Values by name. An AP that is not defined is -1, as
        in pycocotools. Mask AP is given for each ranking; rankings other than
        the main one have only ``EXTRA_ITEMS``.
    """
    asked = (*MAP_ITEMS, *STATISTIC_ITEMS) if items is None else items
    found = {}
    for prefix, precision in tables.precision.items():
        values = summarize_precision(precision, iou_thrs)
        if prefix in tables.recall:
            recall = tables.recall[prefix]
            for item, (area, num) in RECALL_ITEMS.items():
                values[item] = mean_precision(recall[:, :, area, num])
        offered = values if prefix in MAIN else EXTRA_ITEMS
        for item in asked:
            if item in values and item in offered:
                found[f'{prefix}_{item}'] = values[item]
    for item in asked:
        if item in tables.statistics:
            found[item] = tables.statistics[item]
    return found


def class_figures(
    precision: np.ndarray, iou_thrs: Sequence[float] | np.ndarray
) -> list[dict[str, float]]:
    """Reduce a precision table to the figures of each class.

    Args:
        precision (ndarray): Shape (T, R, K, 4).
        iou_thrs (Sequence[float]): The T IoU thresholds.

    Returns:
        list[dict[str, float]]: ``MAP_ITEMS`` of each class; NaN if it has no
        instance, as in mmdet.
    """
    tables = (precision[:, :, [i]] for i in range(precision.shape[2]))
    return [
        {
            item: float('nan') if value == -1 else value
            for item, value in summarize_precision(table, iou_thrs).items()
        }
        for table in tables
    ]


def class_table(metric: str, values: dict[str, dict[str, float]]) -> str:
    """Write the figures of each class as a table for the log.

    Args:
        metric (str): ``bbox`` or ``segm``.
        values (dict[str, dict[str, float]]): Figures of each class, from
            :func:`class_figures`.

    Returns:
        str: The table.
    """
    rows = [
        [name, *(f'{value:.3f}' for value in own.values())]
        for name, own in values.items()
    ]
    return f'{metric}\n{AsciiTable([["category", *MAP_ITEMS], *rows]).table}'
