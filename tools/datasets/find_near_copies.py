"""Find validation photos that have a near-copy among the training photos.

    python tools/datasets/find_near_copies.py data/animals/train.json \\
        data/animals/val.json --out data/animals/val_without_copies.json

Prints a line for each pair: distance (0 for equal photos), number of points
that agree, validation file, training file. With --out, writes the validation
annotations without these photos. Images are searched for in --img-dir.
Without --img-dir they are searched for next to the file and in the folder with
the name of the file. See docs/photos.md.
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.datasets.check_file import errors_of, read_annotations
from mmdet_msrcnn.datasets.list_checks import check_lists
from mmdet_msrcnn.datasets.near_copies import (
    describe,
    find_near_copies,
    read_gray,
    without_images,
)
from mmdet_msrcnn.datasets.values import name_image
from mmdet_msrcnn.utils.io import check_not_overwritten, write_json


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('train', type=Path, help='training annotations')
    parser.add_argument('val', type=Path, help='validation annotations')
    parser.add_argument('--out', type=Path, help='annotations to write')
    parser.add_argument(
        '--img-dir',
        nargs='+',
        type=Path,
        help='folder of the images; one for both files, or one for each',
    )
    args = parser.parse_args()
    if args.img_dir and len(args.img_dir) > 2:
        parser.error('--img-dir must be one folder, or one for each file')
    return args


def load(path: Path, folder: Path | None) -> tuple[dict, list[Path]]:
    """Read annotations and find the images.

    Args:
        path (Path): COCO annotation file.
        folder (Path, optional): Folder of the images. By default that of the
            file, or the one in it with the name of the file.

    Returns:
        tuple[dict, list[Path]]: Content and the path of each image.

    Raises:
        FileNotFoundError: If an image is missing.
        ValueError: If it is not an annotation file.
    """
    content = read_annotations(path)
    message = errors_of(path, list(check_lists(content)))
    if message:
        raise ValueError(message)
    folders = [folder] if folder else [path.parent, path.parent / path.stem]
    found = []
    for image in content['images']:
        candidates = [f / str(image.get('file_name')) for f in folders]
        existing = [path for path in candidates if path.is_file()]
        if not existing:
            raise FileNotFoundError(
                f'{name_image(image)} of {path} is not in '
                f'{" or ".join(map(str, folders))}; set --img-dir'
            )
        found.append(existing[0])
    return content, found


def find(args: argparse.Namespace) -> None:
    """Find the near-copies, print them and write what is left."""
    if args.out:
        check_not_overwritten([args.out], [args.train, args.val])
    folders = args.img_dir or [None]
    train, train_paths = load(args.train, folders[0])
    val, val_paths = load(args.val, folders[-1])
    console = Console(stderr=True)
    photos = [
        describe(read_gray(path))
        for path in track(train_paths, args.train.name, console=console)
    ]
    copied, num_pairs = set(), 0
    images = list(zip(val['images'], val_paths, strict=True))
    for image, path in track(images, args.val.name, console=console):
        for near in find_near_copies(read_gray(path), photos):
            name = train['images'][near.position]['file_name']
            print(
                f'{near.distance:.3f} {near.points:3} {image["file_name"]} '
                f'{name}{" (flipped)" if near.flipped else ""}'
            )
            copied.add(image['id'])
            num_pairs += 1
    print(
        f'{len(copied)} of {len(images)} photos of {args.val} have a '
        f'near-copy in {args.train} ({num_pairs} pairs)'
    )
    if args.out:
        kept = without_images(val, copied)
        write_json(args.out, kept)
        print(f'Wrote {args.out} with {len(kept["images"])} photos')


def main() -> None:
    """Run the command."""
    try:
        find(parse_args())
    except (OSError, ValueError) as error:
        raise SystemExit(f'find_near_copies.py: {error}') from error


if __name__ == '__main__':
    main()
