"""The mask head gives what mmdet's gives."""

import numpy as np
import pytest
import torch
from mmdet.models.roi_heads.mask_heads import FCNMaskHead as Theirs
from mmdet.structures.mask import BitmapMasks, PolygonMasks
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import FCNMaskHead
from tests.helpers import (
    boxes_of,
    ellipse_masks,
    imperfect_probs,
    jitter,
    sampling_result,
)

HEIGHT, WIDTH = 90, 130


CFG = ConfigDict(mask_size=28)


@pytest.fixture
def case():
    masks = ellipse_masks(6, HEIGHT, WIDTH)
    inds = torch.arange(6)
    boxes = jitter(boxes_of(masks), 0.2)
    sampling = [sampling_result(boxes, inds, torch.zeros_like(inds))]
    return masks, boxes, sampling


def polygon_masks(masks) -> PolygonMasks:
    boxes = boxes_of(masks).tolist()
    polygons = [
        [np.array([x1, y1, x2, y1, x2, y2])] for x1, y1, x2, y2 in boxes
    ]
    return PolygonMasks(polygons, HEIGHT, WIDTH)


# form of the masks, training config
@pytest.mark.parametrize(
    ('form', 'cfg'),
    [
        ('bitmap', CFG),
        ('polygon', CFG),
        ('bitmap', ConfigDict(mask_size=28, soft_mask_target=True)),
        ('bitmap', ConfigDict(mask_size=(14, 28))),
    ],
)
def test_head_gives_what_mmdets_gives(case, form, cfg):
    masks, boxes, sampling = case
    gt = (
        BitmapMasks(masks, HEIGHT, WIDTH)
        if form == 'bitmap'
        else polygon_masks(masks)
    )
    instances = [InstanceData(masks=gt)]
    init_default_scope('mmdet')
    ours, theirs = FCNMaskHead(num_classes=1), Theirs(num_classes=1)
    theirs.load_state_dict(ours.state_dict(), strict=True)
    found, expected = (
        head.get_targets(sampling, instances, cfg) for head in (ours, theirs)
    )
    assert torch.equal(found, expected)
    logits = imperfect_probs(masks, boxes)[:, None].logit(eps=1e-4)
    if found.shape[1:] == (28, 28):
        losses = [
            head.loss_and_target(logits, sampling, instances, cfg)
            for head in (ours, theirs)
        ]
        assert torch.equal(
            losses[0]['loss_mask']['loss_mask'],
            losses[1]['loss_mask']['loss_mask'],
        )


def test_both_forms_in_a_batch(case):
    masks, _, sampling = case
    gt = BitmapMasks(masks, HEIGHT, WIDTH), polygon_masks(masks)
    init_default_scope('mmdet')
    found, expected = (
        head(num_classes=1).get_targets(
            sampling * 2, [InstanceData(masks=form) for form in gt], CFG
        )
        for head in (FCNMaskHead, Theirs)
    )
    assert torch.equal(found, expected)
    assert not torch.equal(found[:6], found[6:])


def test_polygons_of_whole_numbers_are_left_to_mmdet(case):
    masks, _, sampling = case
    polygons = polygon_masks(masks)
    polygons.masks = [[p.astype(int) for p in one] for one in polygons.masks]
    init_default_scope('mmdet')
    found, expected = (
        head(num_classes=1).get_targets(
            sampling, [InstanceData(masks=polygons)], CFG
        )
        for head in (FCNMaskHead, Theirs)
    )
    assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ('dtype', 'value'), [(np.float32, 0.4), (np.float64, 0.8), (np.int64, 2)]
)
def test_masks_that_are_no_bytes_are_left_to_mmdet(case, dtype, value):
    masks, _, sampling = case
    gt = BitmapMasks(masks, HEIGHT, WIDTH)
    gt.masks = masks.astype(dtype) * dtype(value)
    init_default_scope('mmdet')
    found, expected = (
        head(num_classes=1).get_targets(
            sampling, [InstanceData(masks=gt)], CFG
        )
        for head in (FCNMaskHead, Theirs)
    )
    assert torch.equal(found, expected)
