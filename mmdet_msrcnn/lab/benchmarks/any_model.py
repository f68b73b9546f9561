"""Time that a mask score adds to the detection of an image by any model."""

import statistics
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from mmdet.apis import init_detector
from mmdet.registry import DATASETS
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import means, time_in_turn

ALONE, SCORED = 'detector', 'detector and mask score'
COLUMNS = (
    Column('model', 'model'),
    Column('seconds per image', 'seconds', 3),
    Column('ratio to the detector', 'ratio', 3),
    Column('detections per image', 'detections', 1),
)


def images_of(cfg: Config, num: int) -> Iterator[dict]:
    """Load images of a test set, evenly spread.

    Args:
        cfg (:obj:`Config`): Whole config.
        num (int): Number of images.

    Yields:
        dict: A batch of one image.
    """
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    num = min(num, len(dataset))
    for index in np.linspace(0, len(dataset) - 1, num).astype(int).tolist():
        yield pseudo_collate([dataset[index]])


@torch.no_grad()
def measure_any_model(
    folder: Path, num_images: int, device: str, repeats: int
) -> list[dict]:
    """Time a detector with and without its mask score.

    Args:
        folder (Path): Folder that tools/score_any.py has written.
        num_images (int): Images of the test set. Loading is not timed.
        device (str): Device.
        repeats (int): Timed detections of each image.

    Returns:
        list[dict]: Two rows: ``model`` (str); ``seconds`` (float) per image,
        the mean over images of the median; ``ratio`` (float) to the detector
        alone; and ``detections`` (float) per image.
    """
    cfg = Config.fromfile(folder / 'config.py')
    model = init_detector(cfg, str(folder / 'model.pth'), device=device)
    times, numbers = [], []
    for batch in images_of(cfg, num_images):
        data = model.data_preprocessor(batch, False)
        inputs = data['inputs'], data['data_samples']
        (result,) = model.predict(*inputs)
        numbers.append(len(result.pred_instances))
        functions = {
            ALONE: lambda inputs=inputs: model.detector.predict(*inputs),
            SCORED: lambda inputs=inputs: model.predict(*inputs),
        }
        times.append(time_in_turn(functions, repeats, warm_up=0))
    seconds = means(times)
    return [
        dict(
            model=name,
            seconds=seconds[name],
            ratio=seconds[name] / seconds[ALONE],
            detections=statistics.fmean(numbers),
        )
        for name in (ALONE, SCORED)
    ]
