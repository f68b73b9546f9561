"""Mask scores on features that are kept."""

import numpy as np
import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.registry import init_default_scope

from mmdet_msrcnn.reproduction.screening import (
    VARIANTS,
    find_detections,
    rank,
    train_head,
)
from tests.coco_data import LOAD, ellipses, write_coco
from tests.helpers import ROOT, build_model, small_config

PLUS = ROOT / 'configs/ms_rcnn_plus/ms-rcnn-plus_r18_fpn_18e_coco.py'
KEYS = ('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor')
PIPELINE = [
    LOAD[0],
    dict(type='Resize', scale_factor=1.0),
    LOAD[1],
    dict(type='PackDetInputs', meta_keys=KEYS),
]


@pytest.fixture(scope='module')
def model():
    return build_model(small_config(PLUS, num_classes=1)).eval()


@pytest.fixture(scope='module')
def found(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp('screening')
    path = write_coco(folder, [ellipses(seed=seed) for seed in range(3)])
    init_default_scope('mmdet')
    dataset = DATASETS.build(
        dict(
            type='CocoDataset',
            ann_file=str(path),
            data_prefix=dict(img=str(folder)),
            metainfo=dict(classes=('class 1',)),
            pipeline=PIPELINE,
        )
    )
    return find_detections(model, dataset)


def test_what_is_kept_gives_the_scores_of_the_model(model, found):
    assert found.images.unique().tolist() == [0, 1, 2]
    assert len(found.results) == len(found.scores) == len(found.rates)
    np.testing.assert_allclose(
        [result['score'] for result in found.results], found.scores
    )
    assert (found.rates <= found.ious).all()
    everything = torch.arange(len(found.scores))
    head = model.roi_head.mask_iou_head
    scores = rank(head, found, everything, VARIANTS['true positive'])
    feats, probs, labels, ranks = found.inputs
    preds = head(feats.float(), probs.float(), labels, ranks)
    np.testing.assert_allclose(
        scores, preds[:, 0, 1].sigmoid().detach(), rtol=1e-4
    )
    product = VARIANTS['class score x MaskIoU']
    expected = found.scores * preds[:, 0, 0].detach().clamp(0, 1)
    np.testing.assert_allclose(
        rank(head, found, everything, product), expected, atol=1e-4
    )


@pytest.mark.parametrize(
    'name', ['true positive', 'true positive, without overlap']
)
def test_a_head_learns_its_target(found, name):
    variant = VARIANTS[name]
    head = build_model(small_config(PLUS, 1)).roi_head.mask_iou_head
    everything = torch.arange(len(found.scores))
    # A target that the inputs tell.
    found = found._replace(
        rates=(found.scores > found.scores.median()).float()
    )
    train_head(head, found, everything, variant, 60, batch_size=10, lr=1e-2)
    scores = rank(head, found, everything, variant)
    high = found.rates.bool().numpy()
    assert scores[high].mean() > scores[~high].mean() + 0.2


def test_features_that_a_variant_does_not_have_are_not_read(model, found):
    head = model.roi_head.mask_iou_head
    everything = torch.arange(len(found.scores))
    blind = VARIANTS['true positive, without class score and overlap']
    other = (*found.inputs[:3], found.inputs[3] + 1)
    for variant, changes in (
        (blind, False),
        (VARIANTS['true positive'], True),
    ):
        before = rank(head, found, everything, variant)
        after = rank(head, found._replace(inputs=other), everything, variant)
        assert (before != after).any() == changes
