"""Instances of camouflaged objects in a picture of colours.

Errors name the file, what is wrong with it, and what to do.
"""

from pathlib import Path

import cv2
import numpy as np

# More colours than this are a photo, or smoothed edges.
MAX_INSTANCES = 100
# Share of the foreground by which instances may differ from it, not counting
# one pixel on both sides of its outline. Smoothed edges are cut differently
# there. The rest is for thin parts, such as legs, that one of both leaves out.
MAX_DIFFERENCE = 0.05
# Colours without it are edges between objects, not objects.
SQUARE = np.ones((3, 3), np.uint8)


def instances_of(pixels: np.ndarray, path: Path) -> list[np.ndarray]:
    """Split a picture into one mask for each colour other than black.

    Args:
        pixels (ndarray): Values, shape (H, W) or (H, W, C). A fourth channel
            (opacity) is ignored.
        path (Path): Its file, for errors.

    Returns:
        list[ndarray]: bool, shape (H, W), in order of the colours.

    Raises:
        ValueError: If there are more than 100 colours.
    """
    channels = np.atleast_3d(pixels)[..., :3].astype(np.int64)
    # One number for each colour; channels have at most 16 bits.
    codes = sum(channels[..., i] << 16 * i for i in range(channels.shape[-1]))
    colours = [code for code in np.unique(codes) if code]
    if len(colours) > MAX_INSTANCES:
        raise ValueError(
            f'{path} has {len(colours)} colours, but at most {MAX_INSTANCES} '
            'instances are expected: save one colour for each instance '
            'without smoothing or JPEG compression'
        )
    return [codes == code for code in colours]


def check_instances(
    masks: list[np.ndarray],
    foreground: np.ndarray,
    path: Path,
    truth: Path,
) -> None:
    """Check that instances are objects and cover the foreground.

    Args:
        masks (list[ndarray]): Instances, bool, shape (H, W).
        foreground (ndarray): bool, shape (H, W).
        path (Path): File of the instances, for errors.
        truth (Path): File of the foreground, for errors.

    Raises:
        ValueError: If they contradict the foreground, or a colour has no
            square of 3 x 3 pixels.
    """
    if not masks and not foreground.any():
        return
    wrong = ''
    if not masks:
        wrong = f'is black, but {truth} has foreground: draw the instances'
    elif not foreground.any():
        wrong = (
            f'has {len(masks)} colours other than black, but {truth} has no '
            'foreground, so only black is allowed: correct one of them'
        )
    elif differs := _difference(masks, foreground):
        wrong = (
            f'contradicts {truth} in {differs} pixels, but at most '
            f'{100 * MAX_DIFFERENCE:.0f} % of its {foreground.sum()} '
            'foreground pixels are allowed: make the background black and '
            'each object one other colour'
        )
    elif narrow := sum(not _shrink(mask).any() for mask in masks):
        wrong = (
            f'has {narrow} colours without a square of 3 x 3 pixels, as '
            'smoothed edges have, but each colour must be an object: save it '
            'without smoothing'
        )
    if wrong:
        raise ValueError(f'{path} {wrong}, or leave out --instances')


def _difference(masks: list[np.ndarray], foreground: np.ndarray) -> int:
    """Count contradicting pixels; 0 if there are as few as allowed."""
    union = np.any(masks, axis=0)
    missing = _shrink(foreground) & ~union
    exceeding = _shrink(~foreground) & union
    count = int(missing.sum() + exceeding.sum())
    return count if count > MAX_DIFFERENCE * foreground.sum() else 0


def _shrink(mask: np.ndarray) -> np.ndarray:
    """Remove one pixel along the outline of a mask."""
    return cv2.erode(mask.astype(np.uint8), SQUARE) > 0
