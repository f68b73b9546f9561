"""Masks of a large image for the metric, compared with mmdet."""

from collections.abc import Callable
from functools import partial

from mmdet.structures.mask import encode_mask_results

from mmdet_msrcnn.lab.benchmarks.memory import peak_memory
from mmdet_msrcnn.lab.benchmarks.paste import paste_by
from mmdet_msrcnn.lab.benchmarks.scenes import (
    Scene,
    Source,
    load_images,
    make_scene,
)
from mmdet_msrcnn.lab.benchmarks.table import DIFFERENCES, Column, compared
from mmdet_msrcnn.lab.benchmarks.targets import mask_heads
from mmdet_msrcnn.lab.benchmarks.timing import compare, means, time_in_turn

# Width and height of the large image, and detections on it.
SIZE, NUM_DETECTIONS = (4000, 3000), 300

COLUMNS = compared(
    Column('mmdet, MB', 'mmdet_bytes', 0, 1e-6),
    Column('ours, MB', 'ours_bytes', 0, 1e-6),
    DIFFERENCES,
)


def encoders(
    scene: Scene, size: tuple[int, int]
) -> dict[str, Callable[[], list[dict]]]:
    """Set up mmdet's way from probabilities to RLEs and ours.

    Args:
        scene (Scene): Image with detections.
        size (tuple[int, int]): Width and height that the image has instead of
            its own.

    Returns:
        dict[str, Callable]: Functions by name.
    """
    sample = scene.batch['data_samples'][0]
    height, width = sample.img_shape
    meta = dict(
        ori_shape=size[::-1], scale_factor=(width / size[0], height / size[1])
    )
    heads = mask_heads()
    heads['ours'].predict_rles = True

    def encode(name: str) -> list[dict]:
        masks = paste_by(heads[name], scene, meta)
        return masks if name == 'ours' else encode_mask_results(masks.numpy())

    return {name: partial(encode, name) for name in heads}


def measure_rles(
    source: Source,
    repeats: int,
    size: tuple[int, int] = SIZE,
    num_detections: int = NUM_DETECTIONS,
) -> list[dict]:
    """Time the encoding of all masks of an image, and measure its memory.

    Args:
        source (Source): Images.
        repeats (int): Timed calls for each image.
        size (tuple[int, int]): Width and height to which images are enlarged.
            Defaults to 4000 x 3000.
        num_detections (int): Detections of an image. Defaults to 300.

    Returns:
        list[dict]: A row as that of :func:`measure_mask_targets`;
        ``differences`` is the number of RLEs that differ.
    """
    times, memory, different = [], [], 0
    for batch in load_images(source):
        functions = encoders(make_scene(batch, num_detections), size)
        memory.append(
            {
                f'{n}_bytes': peak_memory(functions[n])
                for n in sorted(functions, reverse=True)
            }
        )
        times.append(time_in_turn(functions, repeats, warm_up=0))
        found, expected = (function() for function in functions.values())
        different += sum(map(dict.__ne__, found, expected))
    row = dict(masks='all', **compare(times), differences=different)
    # The system may not give the memory.
    if None not in memory[0].values():
        row |= means(memory)  # type: ignore[arg-type]
    return [row]
