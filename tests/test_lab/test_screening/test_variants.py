"""Mask scores on stored features."""

import numpy as np
import pytest
import torch

from mmdet_msrcnn.lab.screening.variants import VARIANTS, rank, train_head
from tests.helpers import PLUS, build_model, small_config


def everything(found):
    return torch.arange(len(found.scores))


@torch.no_grad()
def test_what_is_kept_gives_what_the_model_gives(model, dataset, found):
    head = model.roi_head.mask_iou_head
    learned, product = (
        rank(head, found, everything(found), VARIANTS[name])
        for name in ('true positive (MS R-CNN+)', 'class score x MaskIoU')
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
        # Kept in half precision.
        np.testing.assert_allclose(learned[own], pred.mask_scores, atol=1e-3)
        np.testing.assert_allclose(
            product[own], pred.scores * pred.mask_ious, atol=1e-3
        )
    assert start == len(learned) == len(product) > 0


@pytest.mark.parametrize(
    'name',
    [
        'true positive (MS R-CNN+)',
        'true positive, without overlap',
        'share of the thresholds that the MaskIoU reaches',
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
        ('true positive, without class score and overlap as inputs', False),
        ('true positive (MS R-CNN+)', True),
    ):
        before, after = (
            rank(head, kept, everything(found), VARIANTS[name])
            for kept in (found, found._replace(inputs=other))
        )
        assert (before != after).any() == changes


def test_too_few_detections_are_named(model, found):
    head = model.roi_head.mask_iou_head
    good = VARIANTS[
        'true positive, trained only on masks with an IoU of 0.5 or more'
    ]
    found = found._replace(ious=torch.zeros_like(found.ious))
    with pytest.raises(ValueError, match='Only 0 detections can be used'):
        train_head(head, found, everything(found), good, 1)


@torch.no_grad()
def test_from_scratch_starts_without_the_product(found):
    head = build_model(small_config(PLUS, 2)).roi_head.mask_iou_head
    torch.nn.init.zeros_(head.fc_correction.weight)
    scratch, own = (
        rank(head, found, everything(found), VARIANTS[name])
        for name in (
            'true positive, without class score x maskness to correct',
            'true positive (MS R-CNN+)',
        )
    )
    np.testing.assert_allclose(scratch, 0.5, atol=1e-4)
    assert (np.abs(own - 0.5) > 0.05).all()
