"""Reading, checking and resizing of images."""

import os
from pathlib import Path

import cv2
import numpy as np

# More would need more than about 4 GB of memory.
MAX_PIXELS = 2**24
SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read an image file.

    Args:
        path (str or PathLike): The file.

    Returns:
        np.ndarray: BGR, uint8, shape (H, W, 3).

    Raises:
        ValueError: If it is not an image.
    """
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise ValueError(f'{path} was not read: {error.strerror}') from None
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except cv2.error as error:
        # Such as more pixels than OpenCV allows
        raise ValueError(f'{path} was not read: {error.err}') from None
    if image is None:
        raise ValueError(f'{path} is not an image that OpenCV can read')
    return image


def find_images(path: str | os.PathLike) -> list[Path]:
    """Find the images of a folder, or return a file.

    Raises:
        ValueError: If there is none.
    """
    path = Path(path)
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if is_image_name(p))
    else:
        found = [path] if path.is_file() else []
    if not found:
        kinds = ', '.join(SUFFIXES)
        raise ValueError(f'{path} is no file, and no folder with {kinds}')
    return found


def is_image_name(path: Path) -> bool:
    """Return whether a file has the name of an image."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def checked(image: np.ndarray) -> np.ndarray:
    """Check an image and convert it to three channels.

    Args:
        image (np.ndarray): BGR of shape (H, W, 3), or gray of shape (H, W) or
            (H, W, 1), with values in [0, 255].

    Returns:
        np.ndarray: uint8 or float32, shape (H, W, 3).

    Raises:
        ValueError: If it has another shape or type, or values that are not
            finite.
    """
    image = np.asarray(image)
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size:
        raise ValueError(
            'the image must have the shape (H, W, 3) or (H, W), got '
            f'{image.shape}'
        )
    if image.dtype != np.uint8 and image.dtype.kind != 'f':
        raise ValueError(
            'the image must be uint8, or floats in [0, 255], got '
            f'{image.dtype}'
        )
    if image.dtype != np.uint8:
        with np.errstate(over='ignore'):
            image = image.astype(np.float32)
        if not np.isfinite(image).all():
            raise ValueError('the image has values that are NaN or infinite')
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def resized(image: np.ndarray, how: dict) -> np.ndarray:
    """Resize an image as the test pipeline of the model does.

    Args:
        image (np.ndarray): Shape (H, W, 3).
        how (dict): ``resize`` of the metadata: ``scale`` (width, height) and
            ``keep_ratio``, or ``scale_factor`` (x, y), or nothing.

    Returns:
        np.ndarray: Shape (h, w, 3).

    Raises:
        ValueError: If it would have more than ``MAX_PIXELS``.
    """
    height, width = image.shape[:2]
    size = new_size(width, height, how)
    if size[0] * size[1] > MAX_PIXELS:
        raise ValueError(
            f'the image would have {size[0]}x{size[1]} pixels for the model; '
            f'at most {MAX_PIXELS} are allowed. Make it smaller.'
        )
    if size == (width, height):
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)


def new_size(width: int, height: int, how: dict) -> tuple[int, int]:
    """Compute the size of the resized image, as mmcv does.

    Args:
        width (int): Width of the image.
        height (int): Height of the image.
        how (dict): See :func:`resized`.

    Returns:
        tuple[int, int]: Width and height, at least 1.
    """
    if 'scale' not in how:
        x, y = how.get('scale_factor', (1, 1))
    elif not how['keep_ratio']:
        return tuple(how['scale'])
    else:
        short, long = sorted(how['scale'])
        x = y = min(long / max(width, height), short / min(width, height))
    return max(int(width * x + 0.5), 1), max(int(height * y + 0.5), 1)


def pairs(how: dict) -> list[list[float]]:
    """Return the sizes and factors of a ``resize``, to check them."""
    return [
        list(how[name]) for name in ('scale', 'scale_factor') if name in how
    ]
