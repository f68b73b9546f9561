"""Proposals and boxes equal those of mmdet's heads."""

import pytest
import torch
from mmengine.config import ConfigDict

from mmdet_msrcnn.export.detector.boxes import (
    NO_LIMIT,
    detections,
    proposals,
    select_boxes,
)
from tests.helpers import MASK_RCNN, build_model, small_config

SHAPE = (60, 90)


@pytest.fixture
def model():
    return build_model(small_config(MASK_RCNN)).eval()


def boxes_and_scores(num=200):
    corners = torch.rand(num, 2) * 50
    boxes = torch.cat([corners, corners + 5 + torch.rand(num, 2) * 40], 1)
    return boxes, torch.rand(num)


@pytest.mark.parametrize('nms_pre', [-1, 50, 10_000])
@pytest.mark.parametrize('min_bbox_size', [-1, 0, 30])
@torch.no_grad()
def test_proposals_are_those_of_mmdet(model, nms_pre, min_bbox_size):
    cfg = model.test_cfg.rpn
    cfg.update(nms_pre=nms_pre, min_bbox_size=min_bbox_size)
    sizes = [(15, 23), (8, 12), (4, 6), (2, 3), (1, 2)]
    cls_scores = [torch.randn(1, 3, *size) for size in sizes]
    bbox_preds = [torch.randn(1, 12, *size) for size in sizes]
    head = model.rpn_head
    (expected,) = head.predict_by_feat(
        cls_scores,
        bbox_preds,
        batch_img_metas=[dict(img_shape=SHAPE)],
        cfg=cfg,
    )
    found = proposals(head, cls_scores, bbox_preds, SHAPE, cfg)
    assert len(found) > 5
    assert torch.equal(found, expected.bboxes)


@pytest.mark.parametrize('agnostic', [True, False])
@pytest.mark.parametrize(
    'nms',
    [
        dict(type='nms', iou_threshold=0.5),
        dict(type='nms', iou_threshold=0.5, class_agnostic=True),
        dict(type='soft_nms', iou_threshold=0.5, min_score=0.05),
        dict(type='soft_nms', method='gaussian', sigma=0.3),
    ],
)
@pytest.mark.parametrize('max_per_img', [10, -1])
def test_detections_are_those_of_mmdet(model, agnostic, nms, max_per_img):
    head = model.roi_head.bbox_head
    head.reg_class_agnostic = agnostic
    boxes, _ = boxes_and_scores(40)
    cls_score = torch.randn(40, 4) * 2
    bbox_pred = torch.randn(40, 4 if agnostic else 12)
    cfg = ConfigDict(score_thr=0.1, nms=nms, max_per_img=max_per_img)
    rois = torch.cat([torch.zeros(40, 1), boxes], dim=1)
    expected = head._predict_by_feat_single(
        rois, cls_score, bbox_pred, dict(img_shape=SHAPE), rcnn_test_cfg=cfg
    )
    found = detections(head, boxes, cls_score, bbox_pred, SHAPE, cfg)
    names = 'bboxes', 'scores', 'labels'
    assert len(expected) >= 10
    for name, values in zip(names, found, strict=True):
        assert torch.equal(values, expected[name]), name


@torch.no_grad()
def test_a_score_equal_to_the_threshold_is_no_detection(model):
    head = model.roi_head.bbox_head
    boxes, _ = boxes_and_scores(2)
    # Four classes with a probability of 0.25 each, and a likely class.
    cls_score = torch.tensor([[0.0, 0, 0, 0], [5, 0, 0, 0]])
    bbox_pred = torch.zeros(2, 12)
    nms = dict(type='nms', iou_threshold=0.5)
    cfg = ConfigDict(score_thr=0.25, nms=nms, max_per_img=10)
    rois = torch.cat([torch.zeros(2, 1), boxes], dim=1)
    expected = head._predict_by_feat_single(
        rois, cls_score, bbox_pred, dict(img_shape=SHAPE), rcnn_test_cfg=cfg
    )
    _, scores, labels = detections(
        head, boxes, cls_score, bbox_pred, SHAPE, cfg
    )
    assert labels.tolist() == expected.labels.tolist() == [0]
    assert torch.equal(scores, expected.scores)


@pytest.mark.parametrize(
    'cfg',
    [
        dict(type='nms_match', iou_threshold=0.5),
        dict(type='nms', iou_threshold=0.5, score_threshold=0.1),
        dict(type='soft_nms', iou_threshold=0.5, offset=1),
    ],
)
def test_another_nms_is_refused(cfg):
    boxes, scores = boxes_and_scores()
    with pytest.raises(ValueError, match='must be of type nms or soft_nms'):
        select_boxes(boxes, scores, torch.zeros(200), cfg, 10)


def test_no_box_and_no_limit():
    nothing = torch.zeros(0, 4), torch.zeros(0), torch.zeros(0)
    scores, inds = select_boxes(*nothing, dict(iou_threshold=0.5), 0)
    assert len(scores) == len(inds) == 0
    assert NO_LIMIT > 10**9
