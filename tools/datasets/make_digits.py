"""Make the demo data set "digit scenes" in COCO format.

The 1797 handwritten digits, 8 x 8 pixels each, come with scikit-learn. Each
picture shows some of them, enlarged, rotated, filled and partly covered by
each other, on a textured background. No source digit is in both splits. The
same arguments give the same bytes.

``configs/demo/`` reads the result from ``data/digits``::

    OUT_DIR/train/*.png, OUT_DIR/val/*.png
    OUT_DIR/train.json, OUT_DIR/val.json   written last

A mask is the visible part of a digit. The annotation of a single digit has one
more key than COCO's, ``source``: its index in ``load_digits``.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from coco_format import coco_annotation, save_image
from digit_scenes import Pool, Scene, compose_scene
from rich.console import Console
from rich.progress import track
from sklearn.datasets import load_digits

from mmdet_msrcnn.utils.io import write_json

CATEGORIES = [
    {'id': digit + 1, 'name': str(digit), 'supercategory': 'digit'}
    for digit in range(10)
]
VAL_SOURCES = 0.25
CROWD_EVERY = 12


def load_pools(seed: int) -> dict[str, Pool]:
    """Split the source digits into 'train' and 'val'."""
    digits = load_digits()
    ink = digits.images.astype(np.float32)
    ink /= ink.max(axis=(1, 2), keepdims=True)
    order = np.random.default_rng(seed).permutation(len(ink))
    num_val = round(VAL_SOURCES * len(ink))
    parts = {'train': order[num_val:], 'val': order[:num_val]}
    return {
        split: Pool(ink[part], digits.target[part], part)
        for split, part in parts.items()
    }


def annotations(
    scene: Scene, image_id: int, first_id: int
) -> list[dict[str, Any]]:
    """Describe the visible part of each instance in COCO format.

    Args:
        scene (Scene): The finished scene.
        image_id (int): Id of its picture.
        first_id (int): Id of the first annotation.

    Returns:
        list[dict]: One annotation per instance.
    """
    result = []
    for number, instance in enumerate(scene.instances, 1):
        annotation = coco_annotation(
            scene.owner == number,
            annotation_id=first_id + number - 1,
            image_id=image_id,
            category_id=instance.label + 1,
            iscrowd=int(instance.source is None),
        )
        if instance.source is not None:
            annotation['source'] = instance.source
        result.append(annotation)
    return result


def make_split(
    folder: Path, pool: Pool, count: int, size: int, seed: tuple[int, int]
) -> dict[str, list]:
    """Draw the pictures of one split.

    Args:
        folder (Path): Existing folder for the pictures.
        pool (Pool): Source digits of the split.
        count (int): Number of pictures.
        size (int): Side of the pictures in pixels.
        seed (tuple[int, int]): Seed of the set and number of the split.

    Returns:
        dict[str, list]: Content of the COCO file.
    """
    images: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    numbers = range(1, count + 1)
    for image_id in track(numbers, folder.name, console=Console(stderr=True)):
        rng = np.random.default_rng([*seed, image_id])
        crowd = image_id % CROWD_EVERY == 1
        scene = compose_scene(rng, pool, size, crowd)
        file_name = f'{image_id:06d}.png'
        pixels = np.rint(255 * scene.image).astype(np.uint8)
        images.append(save_image(folder, file_name, pixels, image_id))
        labels += annotations(scene, image_id, len(labels) + 1)
    return {'images': images, 'annotations': labels, 'categories': CATEGORIES}


def make_digits(
    out_dir: Path,
    num_train: int = 600,
    num_val: int = 150,
    size: int = 192,
    seed: int = 0,
) -> str:
    """Make the whole set; write the lists last, after all pictures.

    Args:
        out_dir (Path): Output folder; created if missing.
        num_train (int): Number of training pictures. Defaults to 600.
        num_val (int): Number of validation pictures. Defaults to 150.
        size (int): Side of the pictures in pixels. Defaults to 192.
        seed (int): Seed of the whole set. Defaults to 0.

    Returns:
        str: Summary in one line.

    Raises:
        ValueError: If a number is out of range.
    """
    if min(num_train, num_val) < 1 or size < 96 or seed < 0:
        raise ValueError(
            'expected at least 1 picture per split, a size of at least 96 '
            f'and a seed of at least 0, got num_train={num_train}, '
            f'num_val={num_val}, size={size}, seed={seed}'
        )
    pools = load_pools(seed)
    counts = {'train': num_train, 'val': num_val}
    for split in counts:
        (out_dir / split).mkdir(parents=True, exist_ok=True)
        (out_dir / f'{split}.json').unlink(missing_ok=True)
    lists = {
        split: make_split(
            out_dir / split, pools[split], count, size, (seed, stream)
        )
        for stream, (split, count) in enumerate(counts.items())
    }
    for split in counts:
        write_json(out_dir / f'{split}.json', lists[split])
    return ', '.join(
        f'{split}: {count} pictures with '
        f'{len(lists[split]["annotations"])} annotations'
        for split, count in counts.items()
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description='Make the demo data set "digit scenes" in COCO format.'
    )
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--num-train', type=int, default=600)
    parser.add_argument('--num-val', type=int, default=150)
    parser.add_argument('--size', type=int, default=192)
    parser.add_argument('--seed', type=int, default=0)
    try:
        message = make_digits(**vars(parser.parse_args()))
    except (OSError, ValueError) as error:
        raise SystemExit(f'make_digits.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
