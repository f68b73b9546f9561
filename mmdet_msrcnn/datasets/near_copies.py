"""Near-copies of photos, found by local features and a direct comparison.

Two photos are near-copies if one, after an affine map, shows the same pixels
as the other: re-encoded, scaled, stretched, brightened, flipped, cropped, or
the next frame of a film.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

# Pixels on the long side when photos are compared, and features per photo.
SIDE, NUM_FEATURES = 320, 200
# A match must be this much closer than the second best (Lowe 2004).
MAX_RATIO = 0.8
# Pixels between mapped points that agree.
MAX_ERROR = 4.0
# Standard deviation, in pixels, of the blur that hides JPEG and small shifts.
BLUR = 1.5
# Share of the training photo that the other one must cover.
MIN_OVERLAP = 0.1
# Strong crops have 14 points; different cars of one model correlate up to 0.82
# with 14 points, and up to 0.66 with 30 points.
MIN_POINTS, MIN_CORRELATION = 12, 0.85


class Photo(NamedTuple):
    """A small gray photo with its local features.

    Attributes:
        gray (ndarray): uint8, shape (H, W), with 320 pixels on the long side.
        points (ndarray): (x, y) of the features, shape (N, 2).
        descriptors (ndarray): Unit vectors, shape (N, 128).
    """

    gray: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray


class NearCopy(NamedTuple):
    """A training photo that is a near-copy of another photo.

    Attributes:
        position (int): Its index in the list of training photos.
        points (int): Number of points that agree.
        distance (float): 1 - correlation of the aligned photos, in [0, 0.15].
        flipped (bool): Whether one is the mirror image of the other.
    """

    position: int
    points: int
    distance: float
    flipped: bool


def read_gray(path: Path) -> np.ndarray:
    """Read a photo in gray.

    Args:
        path (Path): Image file.

    Returns:
        ndarray: uint8, shape (H, W).

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it cannot be read as an image.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist')
    gray = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if gray is None:
        raise ValueError(f'{path} cannot be read as an image')
    return gray


def describe(gray: np.ndarray) -> Photo:
    """Scale a photo and extract its SIFT features.

    Args:
        gray (ndarray): uint8, shape (H, W).

    Returns:
        Photo: The photo with at most 200 features.
    """
    scale = SIDE / max(gray.shape)
    size = [max(1, round(side * scale)) for side in gray.shape[::-1]]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    gray = cv2.resize(gray, size, interpolation=method)
    # Without a threshold, so that dull photos have features too.
    sift = cv2.SIFT.create(nfeatures=NUM_FEATURES, contrastThreshold=0)
    keypoints, descriptors = sift.detectAndCompute(gray, None)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    # RootSIFT: its scalar products compare better (Arandjelovic 2012).
    sums = descriptors.sum(axis=1, keepdims=True)
    descriptors = np.sqrt(descriptors / np.maximum(sums, 1e-6))
    points = np.array([k.pt for k in keypoints], np.float32).reshape(-1, 2)
    return Photo(gray, points[:NUM_FEATURES], descriptors[:NUM_FEATURES])


def match_points(first: Photo, second: Photo) -> tuple[np.ndarray, np.ndarray]:
    """Match features that look alike.

    Args:
        first (Photo): A photo.
        second (Photo): Another photo.

    Returns:
        tuple[ndarray]: Points in the first photo and the matching points in
        the second, both of shape (M, 2).
    """
    if not len(first.points) or len(second.points) < 2:
        return first.points[:0], second.points[:0]
    similar = first.descriptors @ second.descriptors.T
    rows, nearest = np.arange(len(similar)), similar.argmax(axis=1)
    best = similar[rows, nearest]
    similar[rows, nearest] = -1
    # Squared distances of unit vectors are 2 - 2 x similarity.
    clear = 1 - best < MAX_RATIO**2 * (1 - similar.max(axis=1))
    return first.points[clear], second.points[nearest[clear]]


def align(first: Photo, second: Photo) -> tuple[int, np.ndarray | None]:
    """Find the affine map that most matches agree with.

    Args:
        first (Photo): A photo.
        second (Photo): Another photo.

    Returns:
        tuple[int, ndarray | None]: Number of points that agree, and the map
        from the first to the second photo, shape (2, 3); 0 and None if too
        few features match.
    """
    points, others = match_points(first, second)
    if len(points) < MIN_POINTS:
        return 0, None
    affine, agrees = cv2.estimateAffine2D(
        points, others, ransacReprojThreshold=MAX_ERROR
    )
    if affine is None:
        return 0, None
    inside = agrees.ravel() > 0
    # A point with several orientations counts once.
    counts = (
        len(np.unique(found[inside].round(), axis=0))
        for found in (points, others)
    )
    return min(counts), affine


def correlate(first: Photo, second: Photo, affine: np.ndarray) -> float:
    """Correlate the pixels of two photos where they overlap.

    Args:
        first (Photo): A photo.
        second (Photo): Another photo.
        affine (ndarray): Map from the first to the second, shape (2, 3).

    Returns:
        float: Correlation, in [-1, 1]; 0 if the overlap is too small.
    """
    size = second.gray.shape[::-1]
    covered = cv2.warpAffine(np.ones_like(first.gray), affine, size) > 0
    if covered.mean() < MIN_OVERLAP:
        return 0.0
    moved = cv2.warpAffine(first.gray, affine, size)
    pixels = [
        cv2.GaussianBlur(gray.astype(np.float32), (0, 0), BLUR)[covered]
        for gray in (moved, second.gray)
    ]
    return float(np.asarray(np.corrcoef(np.stack(pixels)))[0, 1])


def find_near_copies(
    gray: np.ndarray, photos: Sequence[Photo]
) -> list[NearCopy]:
    """Find the near-copies of a photo among others.

    Args:
        gray (ndarray): The photo, uint8, shape (H, W).
        photos (Sequence[Photo]): The others, from :func:`describe`.

    Returns:
        list[NearCopy]: In order of ``photos``.
    """
    found = []
    views = describe(gray), describe(np.ascontiguousarray(gray[:, ::-1]))
    for position, other in enumerate(photos):
        maps = [align(view, other) for view in views]
        flipped = maps[1][0] > maps[0][0]
        points, affine = maps[flipped]
        if affine is None or points < MIN_POINTS:
            continue
        distance = 1 - correlate(views[flipped], other, affine)
        if distance <= 1 - MIN_CORRELATION:
            found.append(NearCopy(position, points, distance, flipped))
    return found


def without_images(content: dict, ids: Collection) -> dict:
    """Copy annotations without some images and their instances.

    Args:
        content (dict): Content of a COCO annotation file.
        ids (Collection): Ids of the images to leave out.

    Returns:
        dict: Content in which everything else is unchanged.
    """
    kept = dict(content)
    kept['images'] = [i for i in content['images'] if i['id'] not in ids]
    if 'annotations' in content:
        kept['annotations'] = [
            ann for ann in content['annotations'] if ann['image_id'] not in ids
        ]
    return kept
