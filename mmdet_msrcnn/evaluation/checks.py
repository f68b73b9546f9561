"""What an evaluation refuses, with an error that names the fix."""

from collections.abc import Sequence

import numpy as np
from pycocotools.coco import COCO


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
        ValueError: If they are one word, a name is not in the annotations,
            or the order is another one.
    """
    if isinstance(classes, str):
        raise ValueError(
            f'metainfo.classes is the word {classes!r}. Write the comma of a '
            f'single class: ({classes!r},).'
        )
    ids = coco.getCatIds(catNms=list(classes))
    names = [cat['name'] for cat in coco.loadCats(ids)]
    missing = sorted(set(classes) - set(names))
    if missing:
        known = [cat['name'] for cat in coco.loadCats(coco.getCatIds())]
        raise ValueError(
            f'The annotations have no category {missing}, but {known}. Spell '
            'metainfo.classes of the data sets as there.'
        )
    if names != list(classes):
        raise ValueError(
            f'metainfo.classes must be in the order of the annotations, which '
            f'is {names}, got {list(classes)}.'
        )
