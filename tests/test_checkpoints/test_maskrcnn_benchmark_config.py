"""Boxes of a converted model, against the authors' arithmetic by hand."""

import pytest
import torch
from mmcv.ops import nms
from mmdet.registry import TASK_UTILS

from mmdet_msrcnn.checkpoints.convert import convert
from mmdet_msrcnn.checkpoints.maskrcnn_benchmark_config import (
    anchor_generator,
)
from tests.helpers import build_model
from tests.test_checkpoints.authors_model import (
    STRIDES,
    cell_anchors,
    checkpoint,
    decode,
)
from tests.test_checkpoints.cases import small_r50_config

# What their boxes (last pixel included) are in mmdet's way of writing.
LAST_PIXEL = torch.tensor([0, 0, 1, 1])


@pytest.fixture(scope='module')
def cfg():
    return convert(checkpoint(), small_r50_config()).cfg


def test_proposals_are_theirs(cfg):
    rpn = build_model(cfg).rpn_head
    sizes = [(3, 4), (2, 2), (1, 2), (1, 1), (1, 1)]
    priors = rpn.prior_generator.grid_priors(sizes, device='cpu')
    assert cell_anchors()[0].tolist() == [
        [-22, -10, 25, 13],
        [-14, -14, 17, 17],
        [-10, -22, 13, 25],
    ]
    for level, (height, width) in enumerate(sizes):
        stride, theirs = STRIDES[level], []
        for y in range(height):
            for x in range(width):
                shift = torch.tensor([x, y, x, y]) * stride
                theirs.append(cell_anchors()[level] + shift)
        theirs = torch.cat(theirs)
        assert torch.equal(priors[level], theirs + LAST_PIXEL)
        deltas = torch.randn(len(theirs), 4)
        expected = decode(theirs, deltas, (1, 1, 1, 1)) + LAST_PIXEL
        ours = rpn.bbox_coder.decode(priors[level], deltas)
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=1e-3)


def test_detected_boxes_are_theirs(cfg):
    coder = build_model(cfg).roi_head.bbox_head.bbox_coder
    boxes = torch.tensor([[10.0, 20, 29, 59], [0, 0, 0, 0]])
    # By hand: 20 x 40 pixels, moved by 2 and -4, twice as wide.
    deltas = torch.tensor([[1.0, -1, 5 * 0.6931472, 0], [0, 0, 0, 0]])
    expected = torch.tensor([[2.0, 16, 41, 55], [0, 0, 0, 0]])
    weights = (10, 10, 5, 5)
    torch.testing.assert_close(decode(boxes, deltas, weights), expected)
    ours = coder.decode(boxes + LAST_PIXEL, deltas)
    torch.testing.assert_close(ours, expected + LAST_PIXEL)


def test_nms_counts_the_last_pixel_as_theirs_does():
    # 2 x 2 and 2 x 1 pixels: an IoU of 1/2 with the last pixel, 0 without.
    theirs = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 0]])
    scores = torch.tensor([0.9, 0.8])
    for threshold, kept in ((0.51, 2), (0.49, 1)):
        _, keep = nms(theirs + LAST_PIXEL, scores, threshold)
        assert len(keep) == kept


def test_other_anchors_are_read_from_the_checkpoint():
    # One level of stride 16 with anchors of 32 x 32 and 64 x 16.
    anchors = torch.tensor([[-8.0, -8, 23, 23], [-24, 0, 39, 15]])
    name = 'rpn.anchor_generator.cell_anchors.0'
    config = anchor_generator({name: anchors})
    del config['_delete_']
    (priors,) = TASK_UTILS.build(config).grid_priors([(1, 1)], device='cpu')
    assert torch.equal(priors, anchors + LAST_PIXEL)
    with pytest.raises(ValueError, match='different centres'):
        anchor_generator({name: anchors + torch.tensor([[0], [1]])})


def test_settings(cfg):
    model = cfg.model
    assert model.data_preprocessor.mean == [102.9801, 115.9465, 122.7717]
    assert model.data_preprocessor.std == [1, 1, 1]
    assert not model.data_preprocessor.bgr_to_rgb
    assert model.backbone.style == 'caffe'
    for name in ('bbox', 'mask'):
        layer = model.roi_head[f'{name}_roi_extractor'].roi_layer
        assert (layer.aligned, layer.sampling_ratio) == (False, 2)
    assert model.test_cfg.rcnn.nms == dict(type='nms', iou_threshold=0.5)
    assert model.test_cfg.rcnn.score_thr == 0.05
