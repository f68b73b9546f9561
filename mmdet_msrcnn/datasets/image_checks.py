"""Checks that image files agree with the annotation file."""

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import mmcv
import numpy as np
from PIL import Image, UnidentifiedImageError

from mmdet_msrcnn.datasets.findings import Finding
from mmdet_msrcnn.datasets.values import name_image

# EXIF tag, and the orientations that swap width and height.
ORIENTATION, SWAPPED = 0x0112, (5, 6, 7, 8)
THREADS = 8
# Number of 16-bit files to read; there may be thousands of large images.
DEEP_FILES = 20


class Loading(NamedTuple):
    """How a pipeline reads images: arguments of ``LoadImageFromFile``."""

    color_type: str = 'color'
    imdecode_backend: str = 'cv2'

    def read(self, path: Path) -> np.ndarray | None:
        """Read an image as the pipeline does."""
        return mmcv.imread(
            str(path), flag=self.color_type, backend=self.imdecode_backend
        )

    @property
    def turns(self) -> bool:
        """Whether images are rotated by their EXIF orientation."""
        return self.imdecode_backend in ('cv2', 'pillow') and (
            self.color_type in ('color', 'grayscale')
        )


DEFAULT_LOADING = Loading()


def check_image_files(
    images: list[dict], folder: Path, loading: Loading = DEFAULT_LOADING
) -> list[Finding]:
    """Compare the sizes in the annotations with the headers of the files.

    mmcv rotates an image by its EXIF orientation; annotation tools may not
    (https://github.com/facebookresearch/detectron2/issues/863). A file is
    read in full only if its header may not be enough.

    Args:
        images (list[dict]): Images with ``file_name``, ``width`` and
            ``height``.
        folder (Path): Folder of the files.
        loading (Loading): How images are read. By default as in mmdet.

    Returns:
        list[Finding]: In the order of the images, then those about 16 bits.
    """
    named = [i for i in images if isinstance(i.get('file_name'), str)]

    def check(image: dict) -> tuple[list[Finding], bool]:
        return check_image_file(image, folder / image['file_name'], loading)

    with ThreadPoolExecutor(THREADS) as pool, warnings.catch_warnings():
        # Large images are not an attack here.
        warnings.simplefilter('ignore', Image.DecompressionBombWarning)
        checked = list(pool.map(check, named))
    deep = [
        image
        for image, (_, is_deep) in zip(named, checked, strict=True)
        if is_deep
    ]
    return [
        *(finding for findings, _ in checked for finding in findings),
        *check_depth(deep, folder, loading),
    ]


def check_image_file(
    image: dict, path: Path, loading: Loading
) -> tuple[list[Finding], bool]:
    """Check one file.

    Args:
        image (dict): The image in the annotation file.
        path (Path): The image file.
        loading (Loading): How images are read.

    Returns:
        tuple[list[Finding], bool]: At most one finding, and whether the file
        has 16 bits.
    """

    def error(kind: str, what: str) -> tuple[list[Finding], bool]:
        return [Finding('error', kind, name_image(image), what)], False

    try:
        if path.stat().st_size == 0:
            return error('empty file', f'{path} has 0 bytes; copy it again')
        (width, height), is_deep = read_header(path, loading)
    except FileNotFoundError:
        hint = ''
        if '\\' in image['file_name']:
            hint = '; write file_name with / between folders'
        return error('missing file', f'{path} does not exist{hint}')
    except Exception as failure:
        # Decoders raise exceptions of any type.
        what = f'{path} cannot be read as an image: {failure}'
        return error('unreadable file', what)
    told = image.get('width'), image.get('height')
    if None in told or told == (width, height):
        return [], is_deep
    hint = ''
    if told == (height, width):
        hint = ' (the file has an EXIF orientation, or they are swapped)'
    return error(
        'size of an image',
        f'{told[0]} x {told[1]} pixels in the annotations, but {path} is '
        f'loaded as {width} x {height} (width x height){hint}',
    )


def read_header(path: Path, loading: Loading) -> tuple[tuple[int, int], bool]:
    """Read the size of an image as the pipeline loads it.

    Args:
        path (Path): Image file.
        loading (Loading): How images are read.

    Returns:
        tuple[tuple[int, int], bool]: Width and height in pixels, and whether
        it has 16 bits.

    Raises:
        OSError: If it cannot be read.
    """
    try:
        with Image.open(path) as image:
            size, kind = image.size, image.format
            modes = (image.mode, *(str(tile[3]) for tile in image.tile))
            # For a PNG without EXIF, getexif would decode all pixels.
            has_exif = 'exif' in image.info or kind == 'TIFF'
            turned = (
                loading.turns
                and has_exif
                and image.getexif().get(ORIENTATION) in SWAPPED
            )
    except (UnidentifiedImageError, Image.DecompressionBombError):
        # OpenCV reads other formats, and up to 2**30 pixels.
        turned, size, kind, modes = True, None, None, ()
    if turned and kind in ('JPEG', 'MPO'):
        size = size[::-1]
    elif turned:
        # OpenCV's version decides whether it rotates other formats.
        loaded = loading.read(path)
        if loaded is None:
            raise OSError('OpenCV does not support its format')
        size = loaded.shape[1::-1]
    return size, any(';16' in mode for mode in modes)


def check_depth(
    images: list[dict], folder: Path, loading: Loading
) -> Iterator[Finding]:
    """Count the gray levels that remain of 16-bit images.

    Args:
        images (list[dict]): Images whose files have 16 bits. Only the first
            of them are read.
        folder (Path): Folder of the files.
        loading (Loading): How images are read.

    Yields:
        Finding: One for each image that does not use the upper two bits.
    """
    found = False
    for image in images[:DEEP_FILES]:
        path = folder / image['file_name']
        levels = loaded_levels(path, loading)
        if levels is not None:
            found = True
            what = (
                f'{path} has 16 bits but is loaded with 8: only {levels} gray '
                'levels remain; scale it to 8 bits'
            )
            yield Finding('warning', '16 bits', name_image(image), what)
    if found and len(images) > DEEP_FILES:
        what = f'{len(images)} files have 16 bits; {DEEP_FILES} were read'
        yield Finding('warning', '16 bits', 'images', what)


def loaded_levels(path: Path, loading: Loading) -> int | None:
    """Count the gray levels that remain of a 16-bit image.

    Args:
        path (Path): Image file.
        loading (Loading): How images are read.

    Returns:
        int | None: Number of gray levels; None if the pixels use more than 14
        bits, or all bits are loaded.
    """
    pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.dtype != np.uint16 or pixels.max() >= 2**14:
        return None
    loaded = loading.read(path)
    if loaded is None or loaded.dtype != np.uint8:
        return None
    return len(np.unique(loaded))
