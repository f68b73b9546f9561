"""Time that mask scoring adds to the detection of an image."""

from pathlib import Path

import torch

from mmdet_msrcnn.lab.benchmarks.detectors import MASK_RCNN, detectors
from mmdet_msrcnn.lab.benchmarks.scenes import Source, load_images
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import means, time_in_turn

COLUMNS = (
    Column('model', 'model'),
    Column('seconds per image', 'seconds', 3),
    Column('ratio to Mask R-CNN', 'ratio', 3),
    Column('detections per image', 'detections', 1),
)


@torch.no_grad()
def measure_inference(
    ms_rcnn: Path, mask_rcnn: Path, source: Source, device: str, repeats: int
) -> list[dict]:
    """Time the detectors on images, without loading the images.

    Args:
        ms_rcnn (Path): Config of our MS R-CNN.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        source (Source): Images.
        device (str): Device.
        repeats (int): Timed detections of each image.

    Returns:
        list[dict]: A row per detector: ``model`` (str); ``seconds`` (float)
        per image, the mean over images of the median; ``ratio`` (float) to
        Mask R-CNN; and ``detections`` (float) per image.
    """
    models = detectors(ms_rcnn, mask_rcnn, device)
    times, detections = [], []
    for batch in load_images(source):
        found: dict[str, float] = {}

        def detect(name: str, batch: dict = batch, found: dict = found):
            (result,) = models[name].test_step(batch)
            found[name] = len(result.pred_instances)

        functions = {name: lambda n=name: detect(n) for name in models}
        times.append(time_in_turn(functions, repeats))
        detections.append(found)
    seconds, numbers = means(times), means(detections)
    return [
        dict(
            model=name,
            seconds=seconds[name],
            ratio=seconds[name] / seconds[MASK_RCNN],
            detections=numbers[name],
        )
        for name in models
    ]
