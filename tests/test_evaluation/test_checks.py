"""What stops an evaluation, and what does not."""

import numpy as np
import pytest
import torch

from mmdet_msrcnn.evaluation.checks import (
    check_binary,
    check_classes,
    check_finite,
    check_sizes,
)
from tests.test_evaluation.coco_cases import SIZE, random_case

# In the order of the annotations.
CLASSES = ('class2', 'class1', 'class0')


@pytest.mark.parametrize(
    ('classes', 'message'),
    [
        ((CLASSES[0], 'other'), r"no category \['other'\]; they have .*"),
        ('class0', r"Write a single class with a comma: \('class0',\)"),
        (CLASSES[::-1], 'in the order of the annotations'),
    ],
)
def test_classes_that_mmdet_would_confuse(classes, message):
    coco, _ = random_case()
    with pytest.raises(ValueError, match=message):
        check_classes(coco, classes)


def test_two_categories_of_one_name():
    coco, _ = random_case()
    for cat in coco.dataset['categories'][:2]:
        cat['name'] = 'cell'
    message = r"ids \[30, 20\] have the same name 'cell'"
    with pytest.raises(ValueError, match=message):
        check_classes(coco, ('cell', 'class0'))
    # Nothing is confused if the name is not used.
    check_classes(coco, ('class0',))


@pytest.mark.parametrize(
    'classes', [CLASSES, list(CLASSES), CLASSES[:1], CLASSES[::2]]
)
def test_classes_in_the_order_of_the_annotations(classes):
    coco, _ = random_case()
    check_classes(coco, classes)


def prediction(**changes) -> dict:
    """Two detections without a defect, or with those of ``changes``."""
    values = dict(
        bboxes=np.ones((2, 4)),
        labels=np.array([0, 1]),
        scores=np.array([0.0, 1]),
        mask_ious=np.array([0.5, 0]),
        mask_scores=np.array([0.25, 0]),
    )
    return dict(values, img_id=17, **changes)


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    'name', ['bboxes', 'scores', 'mask_ious', 'mask_scores']
)
def test_one_value_that_is_not_finite_is_named(name, value):
    result = prediction()
    check_finite(result)
    result[name].flat[-1] = value
    message = f'Predicted {name} of the image with img_id=17 are not finite'
    with pytest.raises(FloatingPointError, match=message):
        check_finite(result)


def test_predictions_without_mask_scores_or_detections_are_finite():
    names = ('bboxes', 'scores', 'img_id')
    check_finite({name: prediction()[name] for name in names})
    check_finite(dict(bboxes=np.ones((0, 4)), scores=np.ones(0), img_id=1))


@pytest.mark.parametrize(
    ('told', 'loaded'),
    [
        (dict(width=48), dict(width=SIZE, height=SIZE)),
        (dict(height=48), dict(width=SIZE, height=SIZE)),
        # An EXIF orientation swaps the sides.
        (dict(width=48, height=SIZE), dict(width=SIZE, height=48)),
    ],
)
def test_sizes_that_differ_are_named(told, loaded):
    coco, _ = random_case()
    coco.imgs[3].update(told)
    fine = dict(img_id=1, width=SIZE, height=SIZE)
    check_sizes(coco, [fine])
    width, height = (coco.imgs[3][side] for side in ('width', 'height'))
    message = (
        rf"image '3.png' \(id 3\) is {loaded['width']} x {loaded['height']} "
        rf'pixels .*, but {width} x {height} in the annotations'
    )
    with pytest.raises(ValueError, match=message):
        check_sizes(coco, [fine, dict(loaded, img_id=3)])


@pytest.mark.parametrize(
    'told',
    [
        dict(width=48.0, height=64.0),
        # Reported by tools/check_dataset.py.
        dict(width='48', height=64),
        dict(width=None, height=64),
    ],
)
def test_sizes_that_are_equal_or_not_numbers(told):
    coco, _ = random_case()
    coco.imgs[1].update(told)
    check_sizes(coco, [dict(img_id=1, width=48, height=64)])
    # An image that the annotations do not have.
    check_sizes(coco, [dict(img_id=99, width=48, height=64)])


@pytest.mark.parametrize(
    'masks',
    [
        torch.ones(2, 4, 4, dtype=torch.bool),
        torch.ones(2, 4, 4, dtype=torch.uint8),
        torch.zeros(2, 4, 4, dtype=torch.uint8),
        torch.zeros(0, 4, 4, dtype=torch.uint8),
    ],
)
def test_binary_masks(masks):
    check_binary(masks)


def test_one_soft_pixel_is_refused():
    masks = torch.zeros(2, 4, 4, dtype=torch.uint8)
    masks[1, 3, 3] = 2
    with pytest.raises(ValueError, match='mask_thr_binary to 0.5'):
        check_binary(masks)
