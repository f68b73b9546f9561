"""Checks of an evaluation; errors name the fix."""

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
    """Refuse predictions that cannot be ranked.

    Args:
        result (dict): Predictions of an image, as :class:`CocoMetric` keeps
            them.

    Raises:
        FloatingPointError: If a value is infinite or NaN.
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
            'checkpoint, or features in half precision, have overflowed. '
            'Test an earlier checkpoint, or test in float32.'
        )


def check_classes(coco: COCO, classes: Sequence[str]) -> None:
    """Refuse classes that mmdet would confuse with each other.

    mmdet numbers labels in the order of the annotation file, but names them in
    the order of the data set. It skips classes that it does not find.

    Args:
        coco (COCO): Annotations.
        classes (Sequence[str]): Names of the classes of the data set.

    Raises:
        ValueError: If they are one string, two categories share a name, a name
            is not in the annotations, or the order differs.
    """
    if isinstance(classes, str):
        raise ValueError(
            f'metainfo.classes is the string {classes!r}. Write a single '
            f'class with a comma: ({classes!r},).'
        )
    counts = Counter(cat['name'] for cat in coco.cats.values())
    for name, count in counts.items():
        if count > 1 and name in classes:
            ids = coco.getCatIds(catNms=[name])
            raise ValueError(
                f'The categories with the ids {ids} have the same name '
                f'{name!r}. Give each category of the annotations its own '
                'name.'
            )
    ids = coco.getCatIds(catNms=list(classes))
    names = [cat['name'] for cat in coco.loadCats(ids)]
    missing = sorted(set(classes) - set(names))
    if missing:
        known = list(class_names(coco.dataset))
        raise ValueError(
            f'The annotations have no category {missing}; they have {known}. '
            'Use their spelling in metainfo.classes of the data sets.'
        )
    if names != list(classes):
        raise ValueError(
            f'metainfo.classes must be in the order of the annotations, which '
            f'is {names}, got {list(classes)}.'
        )


def check_sizes(coco: COCO, gts: Iterable[dict]) -> None:
    """Refuse annotations whose image size is not the loaded size.

    Args:
        coco (COCO): Annotations.
        gts (Iterable[dict]): ``img_id``, ``width`` and ``height`` of each
            image, as it was loaded.

    Raises:
        ValueError: If a size differs; names the image and both sizes.
    """
    for gt in gts:
        image = coco.imgs.get(gt['img_id'], {})
        told, loaded = (
            tuple(one.get(side) for side in ('width', 'height'))
            for one in (image, gt)
        )
        # tools/check_dataset.py reports sizes that are not numbers.
        if all(isinstance(v, Real) for v in told) and told != loaded:
            raise ValueError(
                f'{name_image(image)} is {loaded[0]} x '
                f'{loaded[1]} pixels (width x height), but {told[0]} x '
                f'{told[1]} in the annotations. If the two are swapped, the '
                'file has an EXIF orientation: write the size after rotation, '
                'and rotate the annotations too. tools/check_dataset.py lists '
                'all such images.'
            )


def check_binary(masks: Tensor) -> None:
    """Refuse masks of probabilities, because AP needs binary masks.

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
