"""Training on what real data sets hold, through mmdet's data sets."""

import numpy as np
import pytest

from tests.coco_data import (
    HEIGHT,
    WIDTH,
    annotation,
    build_dataset,
    ellipses,
    polygon_of,
    rle_of,
    train_on,
    write_coco,
)

KEEP_EMPTY = dict(filter_cfg=dict(filter_empty_gt=False))


def pixel() -> dict:
    """An instance of one pixel."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20, 30] = 1
    return annotation(mask)


def flat() -> dict:
    """An instance whose box and mask have no area."""
    empty = np.zeros((HEIGHT, WIDTH), np.uint8)
    ann = dict(ellipses(1)[0], bbox=[10, 10, 0, 5], area=0)
    return dict(ann, segmentation=rle_of(empty))


def grid(num: int = 375) -> list[dict]:
    """Many small instances."""
    anns = []
    for i in range(num):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        y, x = divmod(i, 25)
        mask[4 * y : 4 * y + 3, 3 * x + 3 : 3 * x + 5] = 1
        anns.append(annotation(mask))
    return anns


# What the images hold, with a comment where the name does not say it.
IMAGES = {
    'an image without instances': [ellipses(3), []],
    'no instances at all': [[], []],
    # mmdet's data set drops it.
    'an instance without area': [ellipses(2) + [flat()]],
    'instances of one pixel': [[pixel()], ellipses(2) + [pixel()]],
    # Crowds are ignored regions, not instances.
    'crowds alone': [ellipses(2, iscrowd=1), ellipses(3)],
    'polygons': [ellipses(3, form=polygon_of)],
    'RLE and polygons': [ellipses(2) + ellipses(2, 1, form=polygon_of)],
    'as many as in nuclei': [grid()],
}


@pytest.mark.parametrize('case', IMAGES)
def test_images(tmp_path, case):
    dataset = build_dataset(write_coco(tmp_path, IMAGES[case]), **KEEP_EMPTY)
    assert len(dataset) == len(IMAGES[case])
    log = train_on(dataset)
    has_instances = case != 'no instances at all'
    assert (log['mask_iou_samples'] > 0) == has_instances
    assert 0 <= log['mask_iou_target'] <= 1


@pytest.mark.parametrize(
    ('ids', 'num_classes'),
    # The ids of a data set need be neither small nor in a row.
    [((7,), 1), ((900, 3, 41), 3), (range(1, 1204), 1203)],
)
def test_categories(tmp_path, ids, num_classes):
    num = min(3, len(ids))
    anns = [
        dict(a, category_id=i)
        for a, i in zip(ellipses(num), ids[:num], strict=True)
    ]
    dataset = build_dataset(write_coco(tmp_path, [anns], ids))
    log = train_on(dataset, num_classes)
    assert log['mask_iou_samples'] > 0


AUGMENTATIONS = {
    # Geometric transforms push boxes to and over the border.
    'RandAugment': [
        dict(
            type='RandAugment',
            aug_space=[
                [dict(type='Rotate', prob=1.0, level=10)],
                [dict(type='ShearX', prob=1.0, level=10)],
                [dict(type='TranslateY', prob=1.0, level=10)],
                [dict(type='ColorTransform', prob=1.0)],
            ],
            aug_num=2,
        )
    ],
    'Rotate': [dict(type='Rotate', prob=1.0, level=10)],
    'ShearX and ShearY': [
        dict(type='ShearX', prob=1.0, level=10),
        dict(type='ShearY', prob=1.0, level=10),
    ],
    'TranslateX off the image': [
        dict(type='TranslateX', prob=1.0, level=10, max_mag=0.9)
    ],
    'RandomCrop': [
        dict(type='RandomCrop', crop_size=(20, 20), allow_negative_crop=True)
    ],
    'Resize and Pad': [
        dict(type='Resize', scale=(200, 40), keep_ratio=False),
        dict(type='Pad', size_divisor=32),
    ],
}


@pytest.mark.parametrize('name', AUGMENTATIONS)
@pytest.mark.parametrize('form', ['RLE', 'polygons'])
def test_augmentations(tmp_path, name, form):
    forms = dict(form=polygon_of) if form == 'polygons' else {}
    images = [ellipses(3, seed, **forms) for seed in range(4)]
    dataset = build_dataset(write_coco(tmp_path, images), *AUGMENTATIONS[name])
    train_on(dataset)


MIXED = {
    'CopyPaste': [
        dict(type='Resize', scale=(WIDTH, HEIGHT)),
        dict(type='CopyPaste', max_num_pasted=5),
    ],
    'FilterAnnotations': [
        dict(type='FilterAnnotations', min_gt_bbox_wh=(2, 2), by_mask=True)
    ],
}


@pytest.mark.parametrize('name', MIXED)
def test_mixed_images(tmp_path, name):
    images = [ellipses(3, seed) for seed in range(4)]
    dataset = build_dataset(
        write_coco(tmp_path, images), *MIXED[name], mosaic=True
    )
    log = train_on(dataset)
    assert log['mask_iou_samples'] > 0


def test_mosaic_of_mmdet_knows_no_masks(tmp_path):
    # It mixes boxes and labels of four images and keeps the masks of one:
    # mmdet's pipeline stops before any model sees it.
    images = [ellipses(3, seed) for seed in range(4)]
    dataset = build_dataset(
        write_coco(tmp_path, images),
        dict(type='Mosaic', img_scale=(WIDTH, HEIGHT)),
        mosaic=True,
    )
    with pytest.raises(IndexError):
        dataset[0]
