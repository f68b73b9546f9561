"""Convert a set of camouflaged objects to COCO format.

For the layout of COD10K, CHAMELEON and CAMO: a folder of images, and a folder
of ground-truth PNGs with the same names but for the suffix. The images stay
where they are; OUT lists them by their names::

    python tools/datasets/convert_camouflage.py IMAGES GT OUT.json
    python tools/datasets/convert_camouflage.py IMAGES GT OUT.json \\
        --instances INSTANCES --pattern 'COD10K-CAM-*'

- GT: black is background, white is foreground. Grey pixels, as at smoothed
  edges, are foreground above half of the highest value.
- INSTANCES: PNGs in which each colour or grey value other than black is an
  instance. They must agree with GT. Without them, the whole foreground of an
  image is one instance.
- --pattern: read only the images whose name without suffix matches. In COD10K,
  this leaves out the images without camouflaged objects.

Images without foreground have no annotation. Ground truth without an image is
not read. See docs/camouflage.md.
"""

import argparse
from pathlib import Path
from typing import Any

from camouflage_files import list_images, masks_of, read_image
from coco_format import coco_annotation
from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.utils.io import check_not_overwritten, write_json

CATEGORIES = [
    {
        'id': 1,
        'name': 'camouflaged object',
        'supercategory': 'camouflaged object',
    }
]


def convert(
    images: Path,
    truths: Path,
    out: Path,
    instances: Path | None = None,
    pattern: str = '*',
) -> str:
    """Convert a folder of images; write the list after all are read.

    Args:
        images (Path): Folder of the images.
        truths (Path): Folder of the ground truth.
        out (Path): JSON to write.
        instances (Path | None): Folder of the instances. Defaults to None:
            the foreground of an image is one instance.
        pattern (str): Pattern of the names of the images without suffix, as
            in a shell. Defaults to all images.

    Returns:
        str: Summary in one line.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not as expected; names it.
    """
    files = list_images(images, pattern)
    check_not_overwritten([out], files)
    content: dict[str, list[dict[str, Any]]] = {
        'images': [],
        'annotations': [],
        'categories': CATEGORIES,
    }
    annotations = content['annotations']
    steps = track(files, images.name, console=Console(stderr=True))
    for image_id, path in enumerate(steps, 1):
        height, width = size = read_image(path).shape[:2]
        content['images'].append(
            {
                'id': image_id,
                'file_name': path.name,
                'width': width,
                'height': height,
            }
        )
        for mask in masks_of(path.stem, size, truths, instances):
            number = len(annotations) + 1
            annotations.append(coco_annotation(mask, number, image_id, 1))
    write_json(out, content)
    empty = len(files) - len({a['image_id'] for a in annotations})
    return (
        f'{out}: {len(files)} images with {len(annotations)} instances, '
        f'{empty} images without foreground'
    )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('images', type=Path, help='folder of the images')
    parser.add_argument('truths', type=Path, help='folder of binary PNGs')
    parser.add_argument('out', type=Path, help='JSON to write')
    parser.add_argument('--instances', type=Path, help='folder of PNGs')
    parser.add_argument(
        '--pattern',
        default='*',
        help='images to read, by their names without suffix (default: all)',
    )
    try:
        message = convert(**vars(parser.parse_args()))
    except (OSError, ValueError) as error:
        raise SystemExit(f'convert_camouflage.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
