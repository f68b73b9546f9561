"""Time per image as the number of instances grows."""

from mmdet_msrcnn.lab.benchmarks.evaluation import detections, evaluators
from mmdet_msrcnn.lab.benchmarks.paste import paste
from mmdet_msrcnn.lab.benchmarks.scenes import Source, load_images, make_scene
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.targets import (
    mask_head_targets,
    mask_iou_targets,
)
from mmdet_msrcnn.lab.benchmarks.timing import time_in_turn

NUMBERS = (10, 25, 50, 100, 200, 400)

LABELS = {
    'mask_iou_targets': 'MaskIoU targets',
    'mask_targets': 'mask targets',
    'paste': 'paste',
    'evaluation': 'evaluation',
}
COLUMNS = (
    Column('instances', 'instances', 0),
    *(
        Column(f'{label}, {name}, ms', f'{key}_{name}', 1, 1e3)
        for key, label in LABELS.items()
        for name in ('mmdet', 'ours')
    ),
)


def measure_dense(source: Source, repeats: int) -> list[dict]:
    """Time the parts that depend on the instances, on the densest image.

    Args:
        source (Source): Images; the one with most instances is used.
        repeats (int): Timed calls.

    Returns:
        list[dict]: A row per number of instances: ``instances`` (int), and
        seconds (float) of mmdet and of ours. They are for the targets of both
        heads with 128 positives, and for pasting and evaluating one detection
        of each instance.
    """
    batch = max(
        load_images(source),
        key=lambda one: len(one['data_samples'][0].gt_instances),
    )
    sample = batch['data_samples'][0]
    every = sample.gt_instances
    rows = []
    for number in NUMBERS:
        sample.gt_instances = every[:number]
        found = len(sample.gt_instances)
        positives, dets = make_scene(batch), make_scene(batch, found)
        results = [detections(dets, 0)]
        row: dict[str, float] = dict(instances=found)
        for what, functions in (
            ('mask_iou_targets', mask_iou_targets(positives)),
            ('mask_targets', mask_head_targets(positives)),
            ('paste', paste(dets)),
            ('evaluation', evaluators(source.ann_file, results)),
        ):
            seconds = time_in_turn(functions, repeats)
            row |= {f'{what}_{name}': s for name, s in seconds.items()}
        rows.append(row)
        if found < number:
            break
    return rows
