"""Training steps of Mask R-CNN and of MS R-CNN+ trained with its detector."""

from pathlib import Path

from mmdet.models.detectors.base import BaseDetector
from mmengine.config import Config

from mmdet_msrcnn.lab.benchmarks.detectors import MASK_RCNN, build
from mmdet_msrcnn.lab.benchmarks.memory import peak_memory
from mmdet_msrcnn.lab.benchmarks.scenes import (
    Source,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.step import train_steps
from mmdet_msrcnn.lab.benchmarks.table import Column
from mmdet_msrcnn.lab.benchmarks.timing import means, time_in_turn
from mmdet_msrcnn.lab.reproduction.head_changes import use_mmdet_mask_head

PLUS = 'MS R-CNN+'
COLUMNS = (
    Column('model', 'model'),
    Column(f'{MASK_RCNN}, s', MASK_RCNN, 3),
    Column(f'{PLUS}, s', PLUS, 3),
    Column(f'{PLUS} / {MASK_RCNN}', 'ratio', 3),
    Column(f'{MASK_RCNN}, MB', f'{MASK_RCNN}, MB', 0),
    Column(f'{PLUS}, MB', f'{PLUS}, MB', 0),
)


def joint_detectors(
    plus: Path, mask_rcnn: Path, device: str
) -> dict[str, BaseDetector]:
    """Build Mask R-CNN and MS R-CNN+ with the same weights.

    Args:
        plus (Path): Config of MS R-CNN+.
        mask_rcnn (Path): Config of its Mask R-CNN twin.
        device (str): Device of the detectors.

    Returns:
        dict[str, BaseDetector]: Detectors by name.
    """
    plain = Config.fromfile(mask_rcnn)
    use_mmdet_mask_head(plain)
    found = {MASK_RCNN: build(plain), PLUS: build(Config.fromfile(plus))}
    weights = found[PLUS].state_dict()
    for model in found.values():
        model.load_state_dict(weights, strict=False)
        model.to(device)
    return found


def measure_joint_steps(
    pairs: dict[str, tuple[Path, Path]],
    source: Source,
    device: str,
    repeats: int,
) -> list[dict]:
    """Time training steps with 128 positives and 100 detections per image.

    Args:
        pairs (dict[str, tuple[Path, Path]]): Configs of MS R-CNN+ and of its
            Mask R-CNN twin, by name.
        source (Source): Images.
        device (str): Device.
        repeats (int): Timed steps for each image.

    Returns:
        list[dict]: One row for each pair: ``model`` (str); under the name of
        each detector the mean over images of its median seconds (float), and
        with ``, MB`` the largest peak memory of a step (float), or None if
        the system does not report it; ``ratio``, the mean step over that of
        Mask R-CNN.
    """
    rows = []
    for name, configs in pairs.items():
        models = joint_detectors(*configs, device)
        times: list[dict[str, float]] = []
        peaks: dict[str, list] = {key: [] for key in models}
        for batch in load_images(source):
            # More positives than the sampler selects.
            steps = train_steps(models, make_scene(batch, num_pos=256))
            times.append(time_in_turn(steps, repeats))
            for key, step in steps.items():
                peaks[key].append(peak_memory(step, device))
        if not times:
            continue
        row: dict = means(times)
        for key, values in peaks.items():
            row[f'{key}, MB'] = None if None in values else max(values) / 1e6
        row |= dict(model=name, ratio=row[PLUS] / row[MASK_RCNN])
        rows.append(row)
    return rows
