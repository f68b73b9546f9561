"""Checks of image files against what an annotation file says of them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import mmcv
import numpy as np
from PIL import Image, UnidentifiedImageError

from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.values import name_image

# Tag of EXIF, and the orientations that swap width and height.
ORIENTATION, SWAPPED = 0x0112, (5, 6, 7, 8)
THREADS = 8


def check_image_files(images: list[dict], folder: Path) -> list[Finding]:
    """Compare sizes, by the headers of the files.

    mmcv turns an image as its EXIF orientation says, annotation tools may not
    (https://github.com/facebookresearch/detectron2/issues/863). A file is
    read whole only where its header may not tell.

    Args:
        images (list[dict]): With ``file_name``, ``width`` and ``height``.
        folder (Path): Where the files are.

    Returns:
        list[Finding]: In order of the images.
    """
    named = [i for i in images if isinstance(i.get('file_name'), str)]

    def check(image: dict) -> list[Finding]:
        return list(check_image_file(image, folder / image['file_name']))

    with ThreadPoolExecutor(THREADS) as pool:
        return [f for found in pool.map(check, named) for f in found]


def check_image_file(image: dict, path: Path) -> Iterator[Finding]:
    """Check one file.

    Args:
        image (dict): What the annotation file says.
        path (Path): The file.

    Yields:
        Finding: What was found.
    """
    where = name_image(image)
    try:
        if path.stat().st_size == 0:
            what = f'{path} has 0 bytes; copy it again'
            yield Finding('error', 'empty file', where, what)
            return
        (width, height), deep = read_header(path)
    except FileNotFoundError:
        what = f'{path} does not exist'
        yield Finding('error', 'missing file', where, what)
        return
    except Exception as error:
        # Decoders raise anything.
        what = f'{path} cannot be read as an image: {error}'
        yield Finding('error', 'unreadable file', where, what)
        return
    told = image.get('width'), image.get('height')
    if None not in told and told != (width, height):
        hint = ''
        if told == (height, width):
            hint = ' (the file has an EXIF orientation, or they are swapped)'
        what = (
            f'{told[0]} x {told[1]} pixels in the annotations, {width} x '
            f'{height} as {path} is loaded (width x height){hint}'
        )
        yield Finding('error', 'size of an image', where, what)
    if deep:
        levels = loaded_levels(path)
        if levels is not None:
            what = (
                f'{path} has 16 bits, of which mmcv keeps the upper 8: '
                f'{levels} gray levels are left; scale it to 8 bits'
            )
            yield Finding('warning', '16 bits', where, what)


def read_header(path: Path) -> tuple[tuple[int, int], bool]:
    """Read the size of an image as mmcv loads it.

    Args:
        path (Path): Image file.

    Returns:
        tuple[tuple[int, int], bool]: Width and height in pixels, and whether
        it has 16 bits.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        with Image.open(path) as image:
            size = image.size
            kinds = (image.mode, *(str(tile[3]) for tile in image.tile))
            # Of a PNG without EXIF, getexif would decode all pixels.
            has_exif = 'exif' in image.info or image.format == 'TIFF'
            turned = has_exif and (image.getexif().get(ORIENTATION) in SWAPPED)
    except UnidentifiedImageError:
        turned, size, kinds = True, None, ()
    if turned:
        loaded = mmcv.imread(str(path))
        if loaded is None:
            raise OSError('OpenCV does not know its format')
        size = loaded.shape[1::-1]
    return size, any(';16' in kind for kind in kinds)


def loaded_levels(path: Path) -> int | None:
    """Count the gray levels that are left of an image of 16 bits.

    Args:
        path (Path): Image file.

    Returns:
        int | None: None if the pixels use more than 14 bits.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.max() >= 2**14:
        return None
    return len(np.unique(mmcv.imread(str(path))))
