"""Convert two public sets of photos to COCO format with small images.

- ``animals``: a clone of
  https://github.com/KomaHomu/Applying-Mask-RCNN-in-endangered-animals-detection
- ``car-parts``: a clone of https://github.com/dsmlr/Car-Parts-Segmentation

Photos with more than 480 pixels on the long side are scaled down, with their
polygons. Ids stay those of the source. The result::

    OUT_DIR/train.json, OUT_DIR/val.json   COCO format, masks as polygons
    OUT_DIR/train/*.jpg, OUT_DIR/val/*.jpg

See docs/photos.md.
"""

import argparse
from pathlib import Path
from typing import Any

from photo_sets import LAYOUTS, read_split, used_categories
from PIL import Image
from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.utils.io import check_not_overwritten, write_json

SPLITS = ('train', 'val')
MAX_SIDE = 480
JPEG_QUALITY = 82


def scaled_size(width: int, height: int) -> tuple[int, int]:
    """Scale a size to at most 480 pixels on the long side."""
    scale = min(1.0, MAX_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def scale_annotation(
    annotation: dict[str, Any], scale: tuple[float, float]
) -> dict[str, Any]:
    """Scale an instance, to 2 decimals.

    Args:
        annotation (dict): A COCO annotation with polygons.
        scale (tuple[float, float]): Factors of x and y.

    Returns:
        dict: The scaled annotation, without keys of annotation programs.

    Raises:
        ValueError: If its mask is not a list of polygons.
    """
    polygons = annotation['segmentation']
    if not isinstance(polygons, list):
        raise ValueError(
            f'the mask of annotation {annotation["id"]} is a '
            f'{type(polygons).__name__}: expected a list of polygons'
        )

    def scaled(values: list[float]) -> list[float]:
        # x and y alternate
        return [round(v * scale[i % 2], 2) for i, v in enumerate(values)]

    return {
        'id': annotation['id'],
        'image_id': annotation['image_id'],
        'category_id': annotation['category_id'],
        'iscrowd': int(annotation['iscrowd']),
        'bbox': scaled(annotation['bbox']),
        'area': round(annotation['area'] * scale[0] * scale[1], 2),
        'segmentation': [scaled(polygon) for polygon in polygons],
    }


def scale_photo(source: Path, target: Path, image: dict[str, Any]) -> None:
    """Scale a photo to the size that its polygons are scaled to.

    Args:
        source (Path): The photo.
        target (Path): JPEG file to write.
        image (dict): Its COCO entry in the source.

    Raises:
        ValueError: If it cannot be read or does not have the size in
            ``image``.
    """
    size = image['width'], image['height']
    try:
        with Image.open(source) as photo:
            found = photo.size
            pixels = photo.convert('RGB')
    except OSError as error:
        raise ValueError(
            f'{source} cannot be read: expected a JPEG photo'
        ) from error
    if found != size:
        raise ValueError(
            f'{source} has (width, height) {found}: expected {size}, its '
            'size in the annotations'
        )
    pixels = pixels.resize(scaled_size(*size), Image.Resampling.LANCZOS)
    pixels.save(target, 'JPEG', quality=JPEG_QUALITY)


def convert_split(
    content: dict[str, Any], photos: Path, out_dir: Path
) -> dict[str, Any]:
    """Scale the photos of a split, and write them.

    Args:
        content (dict): Its COCO content.
        photos (Path): Folder of the photos.
        out_dir (Path): Folder to write to.

    Returns:
        dict: The scaled COCO content.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    images, scales = [], {}
    for image in track(
        content['images'], out_dir.name, console=Console(stderr=True)
    ):
        name = image['file_name']
        scale_photo(photos / name, out_dir / name, image)
        width, height = scaled_size(image['width'], image['height'])
        scales[image['id']] = width / image['width'], height / image['height']
        images.append(
            {
                'id': image['id'],
                'file_name': name,
                'width': width,
                'height': height,
            }
        )
    annotations = [
        scale_annotation(annotation, scales[annotation['image_id']])
        for annotation in content['annotations']
    ]
    return {
        'info': content.get('info', {}),
        'licenses': content.get('licenses', []),
        'categories': content['categories'],
        'images': images,
        'annotations': annotations,
    }


def convert(
    name: str, source: Path, out_dir: Path, all_val: bool = False
) -> str:
    """Convert a whole set; write the lists last, after all images.

    Args:
        name (str): ``'animals'`` or ``'car-parts'``.
        source (Path): The clone of its repository.
        out_dir (Path): Output folder; created if missing.
        all_val (bool): Whether ``val`` takes all images of its folder. It
            only matters for ``'car-parts'``. Defaults to False.

    Returns:
        str: Summary in one line.
    """
    layout = LAYOUTS[name]
    photos, sets = {}, {}
    for split, part in zip(SPLITS, layout.folders, strict=True):
        step = layout.val_step if split == 'val' and not all_val else 1
        photos[split] = source / part / layout.images
        sets[split] = read_split(source / part, layout, step)
    categories = used_categories(list(sets.values()))
    check_not_overwritten((out_dir / s for s in SPLITS), photos.values())
    for split in SPLITS:
        (out_dir / f'{split}.json').unlink(missing_ok=True)
    lists = {
        split: convert_split(
            dict(content, categories=categories),
            photos[split],
            out_dir / split,
        )
        for split, content in sets.items()
    }
    for split, content in lists.items():
        write_json(out_dir / f'{split}.json', content)
    counts = ', '.join(
        f'{split}: {len(content["images"])} images with '
        f'{len(content["annotations"])} instances'
        for split, content in lists.items()
    )
    return f'{counts}; {len(categories)} categories'


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('name', choices=sorted(LAYOUTS))
    parser.add_argument('source', type=Path, help='clone of the repository')
    parser.add_argument('out_dir', type=Path)
    parser.add_argument(
        '--all-val',
        action='store_true',
        help='car-parts: val takes all of testset, not every second image',
    )
    args = parser.parse_args()
    try:
        message = convert(args.name, args.source, args.out_dir, args.all_val)
    except (OSError, ValueError) as error:
        raise SystemExit(f'convert_photos.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
