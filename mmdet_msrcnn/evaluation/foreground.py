"""Foreground maps of an image, and their figures.

Shape shorthand: n detections, image of H x W pixels.
"""

from collections.abc import Iterable
from importlib import import_module
from types import ModuleType

import numpy as np
from pycocotools import mask as mask_utils
from pycocotools.coco import COCO
from torch import Tensor

from mmdet_msrcnn.datasets.values import name_image

# Not a plain `pip install pysodmetrics`, see docs/camouflage.md.
INSTALL = (
    'pip install scikit-image==0.25.2 scikit-learn && '
    'pip install --no-deps pysodmetrics==1.6.2'
)


def load_library() -> ModuleType:
    """Import pysodmetrics, which computes the figures.

    Returns:
        ModuleType: ``py_sod_metrics``.

    Raises:
        ImportError: If it cannot be imported. The message has the command to
            install it.
    """
    try:
        return import_module('py_sod_metrics')
    except ImportError as error:
        raise ImportError(
            f'CamouflageMetric needs pysodmetrics ({error}). Run: {INSTALL}'
        ) from error


def binary_masks(
    masks: Tensor | Iterable[dict], size: tuple[int, int]
) -> np.ndarray:
    """Return the masks of an image as one array.

    Args:
        masks (Tensor or Iterable[dict]): Shape (n, H, W), or run lengths.
        size (tuple[int, int]): Height and width, if there are no run lengths.

    Returns:
        ndarray: bool, shape (n, H, W).
    """
    if isinstance(masks, Tensor):
        return masks.detach().cpu().numpy().astype(bool)
    decoded = [mask_utils.decode(rle).astype(bool) for rle in masks]
    return np.array(decoded, bool).reshape(-1, *size)


def foreground_map(masks: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Draw the detections of an image into one map.

    A pixel has the highest score of the masks that cover it, and 0 if none
    does.

    Args:
        masks (ndarray): bool, shape (n, H, W).
        scores (ndarray): In [0, 1], shape (n, ).

    Returns:
        ndarray: In [0, 1], float64, shape (H, W).

    Raises:
        ValueError: If a score is not in [0, 1].
    """
    wrong = scores[~((scores >= 0) & (scores <= 1))]
    if len(wrong):
        raise ValueError(
            f'A predicted score is {wrong[0]}; a foreground map needs scores '
            'from 0 to 1. Test another checkpoint, or test in float32.'
        )
    found = np.zeros(masks.shape[1:])
    for mask, score in zip(masks, scores, strict=True):
        np.maximum(found, score, out=found, where=mask)
    return found


def stretch(foreground: np.ndarray) -> np.ndarray:
    """Scale a map to [0, 1], as published evaluations do.

    Args:
        foreground (ndarray): Shape (H, W).

    Returns:
        ndarray: The lowest value is 0 and the highest 1. A constant map stays
        as it is.
    """
    low, high = foreground.min(), foreground.max()
    return foreground if low == high else (foreground - low) / (high - low)


def true_foreground(coco: COCO, img_id: int) -> np.ndarray:
    """Return the union of all instances of an image.

    Args:
        coco (COCO): Annotations.
        img_id (int): Id of the image.

    Returns:
        ndarray: bool, shape (H, W). All False without instances.

    Raises:
        ValueError: If the annotations do not have the image.
    """
    if img_id not in coco.imgs:
        raise ValueError(
            f'The annotations have no image with the id {img_id}. Use the '
            "ann_file of the test set as CamouflageMetric's ann_file."
        )
    image = coco.imgs[img_id]
    found = np.zeros((image['height'], image['width']), bool)
    for annotation in coco.imgToAnns[img_id]:
        found |= coco.annToMask(annotation).astype(bool)
    return found


def check_size(foreground: np.ndarray, truth: np.ndarray, image: dict) -> None:
    """Check that a map has the size of the annotations.

    Args:
        foreground (ndarray): Predicted map, shape (H, W).
        truth (ndarray): From :func:`true_foreground`.
        image (dict): The image in the annotations.

    Raises:
        ValueError: If the sizes differ.
    """
    if foreground.shape != truth.shape:
        raise ValueError(
            f'{name_image(image)}: the predicted masks have (height, width) '
            f'{foreground.shape}, the annotations {truth.shape}. Correct the '
            'size in the annotations; tools/check_dataset.py lists all such '
            'images.'
        )


def map_figures(foreground: np.ndarray, truth: np.ndarray) -> dict:
    """Compute the figures of one map with pysodmetrics.

    Args:
        foreground (ndarray): In [0, 1], float64, shape (H, W).
        truth (ndarray): bool, shape (H, W).

    Returns:
        dict: ``s_measure``, ``weighted_f`` (0 if ``truth`` is empty), ``mae``
        and ``e_measure_adaptive`` as floats, and ``e_curve``: the E-measure at
        the 256 thresholds from 255 to 0, shape (256, ).
    """
    library = load_library()
    measures = dict(
        s=library.Smeasure(),
        e=library.Emeasure(),
        w=library.WeightedFmeasure(),
        m=library.MAE(),
    )
    for measure in measures.values():
        measure.step(foreground, truth, normalize=False)
    found = {key: one.get_results() for key, one in measures.items()}
    return dict(
        s_measure=float(found['s']['sm']),
        weighted_f=float(found['w']['wfm']),
        mae=float(found['m']['mae']),
        e_measure_adaptive=float(found['e']['em']['adp']),
        e_curve=found['e']['em']['curve'],
    )


def mean_figures(images: list[dict]) -> dict[str, float]:
    """Average the figures of maps over the images of a data set.

    Args:
        images (list[dict]): From :func:`map_figures`, one for each image.

    Returns:
        dict[str, float]: Means of the figures. ``e_measure_mean`` and
        ``e_measure_max`` are those of the mean ``e_curve``.
    """
    found = {
        name: float(np.mean([image[name] for image in images]))
        for name in images[0]
        if name != 'e_curve'
    }
    curve = np.mean([image['e_curve'] for image in images], axis=0)
    return found | dict(
        e_measure_mean=float(curve.mean()), e_measure_max=float(curve.max())
    )
