"""Mask scores on features that are kept."""

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils
from torch import nn

from mmdet_msrcnn.lab.screening.detections import find_detections
from mmdet_msrcnn.lab.screening.screening import VARIANTS, rank, train_head
from tests.coco_data import (
    HEIGHT,
    LOAD,
    WIDTH,
    annotation,
    build_dataset,
    ellipses,
    write_coco,
)
from tests.helpers import PLUS, build_model, small_config

KEYS = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
PIPELINE = [
    LOAD[0],
    dict(type='Resize', scale_factor=1.0),
    LOAD[1],
    dict(type='PackDetInputs', meta_keys=KEYS),
]
CATEGORIES = (7, 3)


@pytest.fixture(scope='module')
def model():
    model = build_model(small_config(PLUS, num_classes=2)).eval()
    # Masks that are not empty, and so overlap instances.
    nn.init.constant_(model.roi_head.mask_head.conv_logits.bias, 4)
    return model


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    path = write_coco(
        tmp_path_factory.mktemp('screening'),
        [
            ellipses(seed=seed, category_id=CATEGORIES[seed % 2])
            for seed in range(4)
        ],
        CATEGORIES,
    )
    dataset = build_dataset(path)
    dataset.pipeline = type(dataset.pipeline)(PIPELINE)
    return dataset


@pytest.fixture(scope='module')
def found(model, dataset):
    return find_detections(model, dataset)


def everything(found):
    return torch.arange(len(found.scores))


@torch.no_grad()
def test_what_is_kept_gives_what_the_model_gives(model, dataset, found):
    head = model.roi_head.mask_iou_head
    learned, product = (
        rank(head, found, everything(found), VARIANTS[name])
        for name in ('true positive', 'class score x MaskIoU')
    )
    start = 0
    for index in range(len(dataset)):
        sample = dataset[index]
        batch = dict(
            inputs=[sample['inputs']], data_samples=[sample['data_samples']]
        )
        pred = model.test_step(batch)[0].pred_instances
        own = slice(start, start + len(pred))
        start += len(pred)
        assert (found.images[own] == index).all()
        assert torch.equal(found.scores[own], pred.scores)
        # Kept in half precision.
        np.testing.assert_allclose(learned[own], pred.mask_scores, atol=1e-3)
        np.testing.assert_allclose(
            product[own], pred.scores * pred.mask_ious, atol=1e-3
        )
        for i, result in enumerate(found.results[own]):
            assert result['category_id'] == CATEGORIES[pred.labels[i]]
            decoded = mask_utils.decode(result['segmentation'])
            assert (decoded == pred.masks[i].numpy()).all()
    assert start == len(found.results) > 0
    assert found.ious.max() > 0
    assert (found.rates[found.ious < 0.5] == 0).all()


@pytest.mark.parametrize('label', [0, 1])
def test_detections_on_crowds_of_their_class_do_not_train(
    model, tmp_path, label
):
    everywhere = np.ones((HEIGHT, WIDTH), np.uint8)
    crowd = annotation(everywhere, category_id=CATEGORIES[label], iscrowd=1)
    one = annotation(np.eye(HEIGHT, WIDTH, dtype=np.uint8), category_id=7)
    path = write_coco(tmp_path, [[one, crowd]], CATEGORIES)
    dataset = build_dataset(path)
    dataset.pipeline = type(dataset.pipeline)(PIPELINE)
    found = find_detections(model, dataset)
    assert torch.equal(found.trained, found.inputs[2] != label)


@pytest.mark.parametrize(
    'name',
    [
        'true positive',
        'true positive, without overlap',
        'share of thresholds reached',
    ],
)
def test_a_head_learns_its_target(found, name):
    variant = VARIANTS[name]
    head = build_model(small_config(PLUS, 2)).roi_head.mask_iou_head
    # A target that the inputs tell.
    high = found.scores > found.scores.median()
    found = found._replace(rates=high.float(), ious=high.float())
    train_head(head, found, everything(found), variant, 60, 10, 1e-2)
    scores = rank(head, found, everything(found), variant)
    high = high.numpy()
    assert scores[high].mean() > scores[~high].mean() + 0.2


def test_features_that_a_variant_does_not_have_are_not_read(model, found):
    head = model.roi_head.mask_iou_head
    other = (*found.inputs[:3], found.inputs[3] + 1)
    for name, changes in (
        ('true positive, without class score and overlap', False),
        ('true positive', True),
    ):
        before, after = (
            rank(head, kept, everything(found), VARIANTS[name])
            for kept in (found, found._replace(inputs=other))
        )
        assert (before != after).any() == changes


def test_too_few_detections_are_named(model, found):
    head = model.roi_head.mask_iou_head
    good = VARIANTS['true positive, of good masks alone']
    found = found._replace(ious=torch.zeros_like(found.ious))
    with pytest.raises(ValueError, match='0 detections may train, fewer'):
        train_head(head, found, everything(found), good, 1)
