"""What an evaluation refuses, with an error that names the fix."""

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import torch
from pycocotools.coco import COCO
from torch import Tensor

from mmdet_msrcnn.datasets.values import name_image
from mmdet_msrcnn.utils.coco import class_names


def check_finite(result: dict) -> None:
    """Refuse predictions that no ranking can sort.

    Args:
        result (dict): Predictions of an image, as :class:`CocoMetric` keeps
            them.

    Raises:
        FloatingPointError: If one is infinite or not a number.
    """
    wrong = [
        name
        for name in ('bboxes', 'scores', 'mask_ious', 'mask_scores')
        if name in result and not np.isfinite(result[name]).all()
    ]
    if wrong:
        raise FloatingPointError(
            f'Predicted {", ".join(wrong)} of the image with img_id='
            f'{result["img_id"]} are not finite. The weights of the '
            'checkpoint, or features in half precision, have overflowed: '
            'test an earlier checkpoint, or in float32.'
        )


def check_classes(coco: COCO, classes: Sequence[str]) -> None:
    """Refuse classes that mmdet would confuse with each other.

    It numbers labels by the order of the annotation file, and names them by
    that of the data set, leaving out what it does not find.

    Args:
        coco (COCO): Annotations.
        classes (Sequence[str]): Names of the classes of the data set.

    Raises:
        ValueError: If they are one word, two categories share a name, a name
            is not in the annotations, or the order is another one.
    """
    if isinstance(classes, str):
        raise ValueError(
            f'metainfo.classes is the word {classes!r}. Write the comma of a '
            f'single class: ({classes!r},).'
        )
    counts = Counter(cat['name'] for cat in coco.cats.values())
    for name, count in counts.items():
        if count > 1 and name in classes:
            ids = coco.getCatIds(catNms=[name])
            raise ValueError(
                f'The categories with the ids {ids} have the same name '
                f'{name!r}. Give each category of the annotations a name of '
                'its own.'
            )
    ids = coco.getCatIds(catNms=list(classes))
    names = [cat['name'] for cat in coco.loadCats(ids)]
    missing = sorted(set(classes) - set(names))
    if missing:
        known = list(class_names(coco.dataset))
        raise ValueError(
            f'The annotations have no category {missing}, but {known}. Spell '
            'metainfo.classes of the data sets as there.'
        )
    if names != list(classes):
        raise ValueError(
            f'metainfo.classes must be in the order of the annotations, which '
            f'is {names}, got {list(classes)}.'
        )


def check_sizes(coco: COCO, gts: Iterable[dict]) -> None:
    """Refuse annotations of images that were loaded in another size.

    Args:
        coco (COCO): Annotations.
        gts (Iterable[dict]): ``img_id``, ``width`` and ``height`` of each
            image, as it was loaded.

    Raises:
        ValueError: If one differs; names the image and both sizes.
    """
    for gt in gts:
        image = coco.imgs.get(gt['img_id'], {})
        told, loaded = (
            tuple(one.get(side) for side in ('width', 'height'))
            for one in (image, gt)
        )
        # What is no number is found by tools/check_dataset.py.
        if all(isinstance(v, Real) for v in told) and told != loaded:
            raise ValueError(
                f'{name_image(image)} is {loaded[0]} x '
                f'{loaded[1]} pixels (width x height), but {told[0]} x '
                f'{told[1]} in the annotations. If the two are swapped, the '
                'file has an EXIF orientation: write the size after rotation, '
                'with the annotations to match. To see all: '
                'tools/check_dataset.py.'
            )


def check_binary(masks: Tensor) -> None:
    """Refuse masks of probabilities, of which AP is not defined.

    Args:
        masks (Tensor): bool, or integers of 0 and 1, shape (n, H, W).

    Raises:
        ValueError: If a value is above 1.
    """
    if masks.dtype != torch.bool and len(masks) and masks.max() > 1:
        raise ValueError(
            'The predicted masks are soft (values up to 255), which cannot be '
            'evaluated. Set test_cfg.rcnn.mask_thr_binary to 0.5; a negative '
            'value gives soft masks.'
        )
