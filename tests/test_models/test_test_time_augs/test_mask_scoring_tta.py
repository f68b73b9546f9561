"""Views of an image are merged with their masks."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.structures.bbox import bbox_flip
from mmengine.config import ConfigDict
from mmengine.model import BaseModel
from mmengine.structures import InstanceData

from mmdet_msrcnn.models import MaskScoringTTAModel
from mmdet_msrcnn.utils.rank_by import by_mask_score
from tests.helpers import boxes_of, ellipse_masks

SIZE = HEIGHT, WIDTH = 60, 90
NMS = dict(type='nms', iou_threshold=0.5)


class Detector(BaseModel):
    """Stands for the model, whose results the tests give."""

    def forward(self, inputs, data_samples=None, mode='tensor'):
        raise NotImplementedError


def tta_model(max_per_img=10, **nms) -> MaskScoringTTAModel:
    cfg = ConfigDict(nms=dict(NMS, **nms), max_per_img=max_per_img)
    return MaskScoringTTAModel(module=Detector(), tta_cfg=cfg)


def view(direction=None, scores=(0.9, 0.8), num=2, scored=True):
    """Detections of an image, as a view that was flipped gives them."""
    masks = torch.from_numpy(ellipse_masks(num, *SIZE)).bool()
    boxes = boxes_of(masks.numpy().astype(np.uint8))
    if direction:
        dims = {'horizontal': [2], 'vertical': [1], 'diagonal': [1, 2]}
        masks = masks.flip(dims[direction])
        boxes = bbox_flip(boxes, SIZE, direction)
    pred = InstanceData(
        bboxes=boxes,
        scores=torch.tensor(scores),
        labels=torch.arange(num),
        masks=masks,
    )
    if scored:
        pred.mask_ious = torch.tensor([0.5, 0.25])[:num]
        pred.mask_scores = pred.scores * pred.mask_ious
    meta = dict(
        ori_shape=SIZE, flip=direction is not None, flip_direction=direction
    )
    return DetDataSample(metainfo=meta, pred_instances=pred)


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_flipped_view_finds_the_same(direction):
    (merged,) = tta_model().merge_preds([[view(), view(direction)]])
    pred, alone = merged.pred_instances, view().pred_instances
    assert len(pred) == 2
    for name, value in alone.items():
        assert torch.equal(pred[name], value), name


def test_detection_keeps_what_its_own_view_says():
    # The second view is surer of the second object, whose mask is empty.
    better = view('horizontal', scores=(0.1, 0.95))
    better.pred_instances.masks[1] = False
    better.pred_instances.mask_ious[1] = 0.75
    better.pred_instances.mask_scores[1] = 0.6
    (merged,) = tta_model().merge_preds([[view(), better]])
    pred = merged.pred_instances
    assert pred.labels.tolist() == [1, 0]
    assert pred.scores.tolist() == pytest.approx([0.95, 0.9])
    assert pred.mask_ious.tolist() == [0.75, 0.5]
    assert pred.mask_scores.tolist() == pytest.approx([0.6, 0.45])
    assert not pred.masks[0].any()
    assert torch.equal(pred.masks[1], view().pred_instances.masks[0])


def test_soft_nms_lowers_the_mask_score_too():
    model = tta_model(type='soft_nms', min_score=0.0)
    (merged,) = model.merge_preds([[view(), view()]])
    pred = merged.pred_instances
    assert len(pred) == 4
    assert pred.scores[-1] < 0.8
    assert torch.equal(pred.mask_scores, pred.scores * pred.mask_ious)


def test_number_of_detections_is_limited():
    (merged,) = tta_model(max_per_img=1).merge_preds([[view(), view()]])
    assert len(merged.pred_instances) == 1


@pytest.mark.parametrize('max_per_img', [-1, 0])
def test_no_limit_keeps_every_detection(max_per_img):
    model = tta_model(max_per_img=max_per_img)
    (merged,) = model.merge_preds([[view(), view('vertical')]])
    assert merged.pred_instances.labels.tolist() == [0, 1]


@pytest.mark.parametrize(
    'nms', [dict(type='nms'), dict(type='soft_nms', min_score=-1.0)]
)
def test_a_class_score_of_zero_leaves_the_mask_score(nms):
    # Learned mask scores are no products of the class score.
    one = view(scores=(0.9, 0.0))
    one.pred_instances.mask_scores = torch.tensor([0.5, 0.25])
    (merged,) = tta_model(**nms).merge_preds([[one]])
    pred = merged.pred_instances
    assert pred.scores.tolist() == pytest.approx([0.9, 0])
    assert pred.mask_scores.tolist() == pytest.approx([0.5, 0.25])


def test_models_without_mask_scores_and_images_without_detections():
    plain = view(scored=False), view('horizontal', scored=False)
    empty = view(num=2), view('horizontal')
    for sample in empty:
        sample.pred_instances = sample.pred_instances[:0]
    first, second = tta_model().merge_preds([[*plain], [*empty]])
    assert len(first.pred_instances) == 2
    assert 'mask_scores' not in first.pred_instances
    assert second.pred_instances.mask_scores.shape == (0,)


def test_views_are_merged_by_class_score_and_ranked_by_mask_score():
    def views():
        # The mask score prefers the other object, and the view that loses.
        other = view('horizontal', scores=(0.95, 0.7))
        other.pred_instances.mask_scores = torch.tensor([0.1, 0.6])
        return [view(), other]

    ranked = views()
    for sample in ranked:
        sample.pred_instances, _ = by_mask_score(sample.pred_instances)
    model = tta_model(type='soft_nms', min_score=0.01, max_per_img=3)
    (plain,), (merged,) = (model.merge_preds([v]) for v in (views(), ranked))
    expected, _ = by_mask_score(plain.pred_instances)
    assert expected.labels[0] != plain.pred_instances.labels[0]
    assert {*merged.pred_instances.keys()} == {*expected.keys()}
    for name, value in expected.items():
        assert torch.equal(merged.pred_instances[name], value), name
