"""Make a set of camouflaged objects in the layout of the public sets.

Each picture of 320 x 240 pixels shows 1 to 3 objects that have the texture of
the ground in another direction; some overlap. The same arguments give the same
pictures, and more pictures leave the first as they are. The result::

    OUT_DIR/{train,test}/Imgs/*.jpg
    OUT_DIR/{train,test}/GT/*.png         0 and 255
    OUT_DIR/{train,test}/Instance/*.png   one colour for each object

``convert_camouflage.py`` converts it to COCO format, see docs/camouflage.md.
"""

import argparse
from pathlib import Path

import numpy as np
from camouflage_scenes import compose_scene
from coco_format import save_image
from rich.console import Console
from rich.progress import track

# Colours of the objects of a picture, in BGR order; black is the ground.
COLOURS = np.array(
    [[0, 0, 0], [0, 0, 255], [0, 255, 0], [255, 0, 0]], np.uint8
)


def make_split(folder: Path, count: int, seed: tuple[int, int]) -> int:
    """Draw the pictures of one split.

    Args:
        folder (Path): Folder of the split; created if missing.
        count (int): Number of pictures.
        seed (tuple[int, int]): Seed of the set and number of the split.

    Returns:
        int: Number of objects.
    """
    folders = [folder / name for name in ('Imgs', 'GT', 'Instance')]
    for one in folders:
        one.mkdir(parents=True, exist_ok=True)
    images, truths, instances = folders
    objects = 0
    numbers = range(1, count + 1)
    for number in track(numbers, folder.name, console=Console(stderr=True)):
        scene = compose_scene(np.random.default_rng([*seed, number]))
        foreground = np.where(scene.owner > 0, 255, 0).astype(np.uint8)
        name = f'{number:06d}'
        save_image(images, f'{name}.jpg', scene.image, number)
        save_image(truths, f'{name}.png', foreground, number)
        save_image(instances, f'{name}.png', COLOURS[scene.owner], number)
        objects += len(scene.areas)
    return objects


def make_camouflage(
    out_dir: Path, num_train: int = 400, num_test: int = 150, seed: int = 0
) -> str:
    """Make the whole set.

    Args:
        out_dir (Path): Output folder; created if missing.
        num_train (int): Number of training pictures. Defaults to 400.
        num_test (int): Number of test pictures. Defaults to 150.
        seed (int): Seed of the whole set. Defaults to 0.

    Returns:
        str: Summary in one line.

    Raises:
        FileExistsError: If there are more pictures than asked for.
        ValueError: If a number is out of range.
    """
    if min(num_train, num_test) < 1 or seed < 0:
        raise ValueError(
            'expected at least 1 picture per split and a seed of at least 0, '
            f'got num_train={num_train}, num_test={num_test}, seed={seed}'
        )
    counts = {'train': num_train, 'test': num_test}
    for split, count in counts.items():
        _check_no_others(out_dir / split, count)
    objects = {
        split: make_split(out_dir / split, count, (seed, stream))
        for stream, (split, count) in enumerate(counts.items())
    }
    return ', '.join(
        f'{split}: {count} pictures with {objects[split]} objects'
        for split, count in counts.items()
    )


def _check_no_others(folder: Path, count: int) -> None:
    """Check that no pictures of a larger set would be left in a folder."""
    found = sum(1 for _ in (folder / 'Imgs').glob('*'))
    if found > count:
        raise FileExistsError(
            f'{folder} has {found} pictures, more than the {count} to make: '
            'delete it or choose another folder'
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--num-train', type=int, default=400)
    parser.add_argument('--num-test', type=int, default=150)
    parser.add_argument('--seed', type=int, default=0)
    try:
        message = make_camouflage(**vars(parser.parse_args()))
    except (OSError, ValueError) as error:
        raise SystemExit(f'make_camouflage.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
