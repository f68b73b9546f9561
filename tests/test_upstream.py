"""mmdet 3.3.0's own MS R-CNN, with the faults that docs/upstream.md lists.

One of these fails when mmdet has fixed the fault: then the workaround and the
line in the docs can go.
"""

import re
from pathlib import Path

import pytest
import torch
from mmdet.apis import DetInferencer
from mmdet.models.roi_heads import MaskScoringRoIHead
from mmdet.structures import DetDataSample
from mmdet.structures.mask import BitmapMasks
from mmengine.structures import InstanceData

from mmdet_msrcnn.lab.reproduction.protocols import use_mmdet_head
from tests.helpers import (
    MASK_RCNN,
    ROOT,
    build_model,
    collate,
    losses_of,
    scene,
    small_config,
)
from tests.test_user_needs import mmdet_targets

PAGE = ROOT / 'docs/upstream.md'


def mmdet_config(**mask_head):
    cfg = small_config()
    use_mmdet_head(cfg)
    cfg.model.roi_head.mask_head.update(mask_head)
    return cfg


@pytest.fixture
def model():
    model = build_model(mmdet_config()).eval()
    assert type(model.roi_head) is MaskScoringRoIHead
    return model


def predict(model):
    return model.test_step(collate(scene(seed=1)))[0].pred_instances


def test_class_score_is_overwritten(model):
    twin = build_model(small_config(MASK_RCNN)).eval()
    twin.load_state_dict(model.state_dict(), strict=False)
    pred, without = predict(model), predict(twin)
    assert 'mask_scores' not in pred
    assert torch.equal(pred.bboxes, without.bboxes)
    assert not torch.equal(pred.scores, without.scores)


def test_score_can_be_negative(model):
    model.roi_head.mask_iou_head.fc_mask_iou.bias.data.fill_(-5)
    assert (predict(model).scores < 0).all()


def test_class_agnostic_mask_head_fails():
    cfg = mmdet_config(class_agnostic=True)
    model = build_model(cfg).train()
    with pytest.raises(IndexError):
        losses_of(model, collate(scene(num=3, seed=1)))


def test_box_between_pixels_trains_with_a_target_of_nothing():
    gt = torch.zeros(1, 64, 64, dtype=torch.uint8)
    gt[0, 20:40, 20:40] = 1
    # Its crop, which starts at a whole pixel, holds nothing of the instance.
    boxes = torch.tensor([[15.0, 25, 20.9, 35]])
    logits = torch.full((1, 28, 28), 5.0)
    target = mmdet_targets(boxes, torch.tensor([0]), gt, logits, 0.5)
    assert 0 < target.item() < 1e-6


def test_one_crop_per_proposal(monkeypatch):
    crops = []
    crop = BitmapMasks.crop
    monkeypatch.setattr(
        BitmapMasks, 'crop', lambda *args: crops.append(1) or crop(*args)
    )
    gt = torch.zeros(1, 64, 64, dtype=torch.uint8)
    gt[0, 20:40, 20:40] = 1
    boxes = torch.tensor([[20.0, 20, 40, 40]]).repeat(7, 1)
    inds = torch.zeros(7, dtype=torch.long)
    mmdet_targets(boxes, inds, gt, torch.ones(7, 28, 28), 0.5)
    assert len(crops) == 7


def test_inferencer_drops_mask_scores():
    pred = InstanceData(
        bboxes=torch.zeros(1, 4),
        labels=torch.zeros(1, dtype=torch.long),
        scores=torch.ones(1),
        mask_scores=torch.ones(1),
    )
    inferencer = DetInferencer.__new__(DetInferencer)
    result = inferencer.pred2dict(DetDataSample(pred_instances=pred))
    assert 'scores' in result
    assert 'mask_scores' not in result


def test_every_test_that_the_page_names_exists():
    named = re.findall(r'`(tests/[\w/]+\.py)::(\w+)`', PAGE.read_text())
    assert len(named) > 10
    for path, name in named:
        assert f'def {name}(' in (ROOT / path).read_text(), (path, name)


def test_every_test_of_a_fault_is_on_the_page():
    functions = re.findall(r'\ndef (test_\w+)', Path(__file__).read_text())
    page = PAGE.read_text()
    for name in functions:
        if 'that_the_page_names' not in name and 'on_the_page' not in name:
            assert name in page
