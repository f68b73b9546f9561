"""Files of a set of camouflaged objects: images, ground truth, instances.

Errors name the file, what is wrong with it, and what to do.
"""

from fnmatch import fnmatchcase
from pathlib import Path

import cv2
import numpy as np
from camouflage_instances import check_instances, instances_of

SUFFIXES = {'.jpg', '.jpeg', '.png', '.bmp', '.tif', '.tiff', '.webp'}
# Share of grey pixels that smoothed edges can have.
MAX_GREY = 0.05


def list_images(folder: Path, pattern: str = '*') -> list[Path]:
    """List the images of a folder in order of their names.

    Args:
        folder (Path): The folder.
        pattern (str): Pattern of the stems to list, as in a shell. Defaults
            to all.

    Returns:
        list[Path]: Image files, each with a stem of its own.

    Raises:
        ValueError: If there is no such image, or two have the same stem.
    """
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    images = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not images:
        raise ValueError(
            f'{folder} has no images: expected a folder of '
            f'{", ".join(sorted(SUFFIXES))}'
        )
    found: dict[str, Path] = {}
    for path in images:
        if not fnmatchcase(path.stem, pattern):
            continue
        if path.stem in found:
            raise ValueError(
                f'{found[path.stem]} and {path.name} have the same ground '
                'truth: rename or delete one of them'
            )
        found[path.stem] = path
    if not found:
        raise ValueError(
            f'None of the {len(images)} images of {folder} has a name without '
            f'suffix that matches {pattern!r}; the first is '
            f'{images[0].name}. Correct --pattern'
        )
    return list(found.values())


def read_image(path: Path, flags: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """Read a picture as training does.

    Args:
        path (Path): The file.
        flags (int): Of ``cv2.imread``. Defaults to colours.

    Returns:
        ndarray: Shape (H, W) or (H, W, C).

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it cannot be read.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f'{path.parent} is not a folder')
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} is missing: every image needs one; add it, or remove the '
            'image'
        )
    pixels = cv2.imread(str(path), flags)
    if pixels is None:
        raise ValueError(
            f'{path} cannot be read: expected a picture; copy or download it '
            'again'
        )
    return pixels


def read_mask(path: Path, size: tuple[int, ...], flags: int) -> np.ndarray:
    """Read a ground-truth file of an image.

    Args:
        path (Path): The file.
        size (tuple[int, ...]): Height and width of the image.
        flags (int): Of ``cv2.imread``.

    Returns:
        ndarray: Shape (H, W) or (H, W, C).

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If it cannot be read or has another size.
    """
    pixels = read_image(path, flags)
    if pixels.shape[:2] != size:
        raise ValueError(
            f'{path} has (height, width) {pixels.shape[:2]}, but its image '
            f'{size}: use the ground truth of this image, without scaling or '
            'rotation'
        )
    return pixels


def foreground_of(pixels: np.ndarray, path: Path) -> np.ndarray:
    """Return the foreground of a black-and-white picture.

    Args:
        pixels (ndarray): Grey values, shape (H, W).
        path (Path): Its file, for errors.

    Returns:
        ndarray: bool, shape (H, W).

    Raises:
        ValueError: If more than 5 % of the pixels are neither near black nor
            near the highest value.
    """
    high = max(int(pixels.max()), 1)
    share = pixels / high
    grey = float(((share > 0.25) & (share < 0.75)).mean())
    if grey > MAX_GREY:
        raise ValueError(
            f'{path} is not binary ({100 * grey:.0f} % of its pixels are '
            'grey): expected black background and white foreground; give '
            'pictures of instances as --instances'
        )
    return share > 0.5


def masks_of(
    stem: str, size: tuple[int, ...], truths: Path, instances: Path | None
) -> list[np.ndarray]:
    """Read the instances of an image.

    Args:
        stem (str): Name of the image without suffix.
        size (tuple[int, ...]): Its height and width.
        truths (Path): Folder of the ground truth.
        instances (Path | None): Folder of the instances.

    Returns:
        list[ndarray]: bool, shape (H, W); empty without foreground.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file is not as expected, or the instances contradict
            the foreground.
    """
    path = truths / f'{stem}.png'
    pixels = read_mask(path, size, cv2.IMREAD_GRAYSCALE)
    foreground = foreground_of(pixels, path)
    if instances is None:
        return [foreground] if foreground.any() else []
    own = instances / f'{stem}.png'
    masks = instances_of(read_mask(own, size, cv2.IMREAD_UNCHANGED), own)
    check_instances(masks, foreground, own, path)
    return masks
