"""Labels carry the class score, the MaskIoU and the mask score."""

import numpy as np
import pytest
import torch
from mmdet.structures import DetDataSample
from mmdet.visualization import DetLocalVisualizer
from mmengine.structures import InstanceData

from mmdet_msrcnn.visualization import MaskScoringVisualizer
from mmdet_msrcnn.visualization.mask_scoring_visualizer import score_label

IMAGE = np.full((120, 160, 3), 90, np.uint8)


def prediction(**scores) -> DetDataSample:
    masks = torch.zeros(2, 120, 160, dtype=torch.bool)
    masks[0, 20:60, 20:60] = masks[1, 70:110, 80:150] = True
    instances = InstanceData(
        bboxes=torch.tensor([[20.0, 20, 60, 60], [80, 70, 150, 110]]),
        labels=torch.tensor([0, 1]),
        scores=torch.tensor([0.9, 0.2]),
        masks=masks,
        **{name: torch.tensor(values) for name, values in scores.items()},
    )
    return DetDataSample(pred_instances=instances)


@pytest.fixture
def drawn_texts(monkeypatch):
    texts = []
    monkeypatch.setattr(
        DetLocalVisualizer,
        'draw_texts',
        lambda self, text, *args, **kwargs: texts.append(text),
    )
    return texts


def draw(visualizer, sample) -> np.ndarray:
    visualizer.dataset_meta = dict(classes=('cat', 'dog'), palette='random')
    visualizer.add_datasample('name', IMAGE, sample, draw_gt=False)
    return visualizer.get_image()


def test_label():
    assert score_label('dog', 0.98, 0.8, 1) == 'dog cls .98 iou .80 mask 1.00'


def test_draws_three_numbers_above_the_class_score_threshold(drawn_texts):
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.45, 0.18])
    draw(MaskScoringVisualizer(), sample)
    assert drawn_texts == ['cat cls .90 iou .50 mask .45']


def test_draws_as_mmdet_does_without_mask_scores(drawn_texts):
    draw(MaskScoringVisualizer(), prediction())
    assert drawn_texts == ['cat: 90.0']


def test_masks_and_boxes_are_drawn():
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.45, 0.18])
    drawn = draw(MaskScoringVisualizer(), sample)
    changed = (drawn != IMAGE).any(-1)
    assert changed[50, 50]
    assert not changed[90, 100]


def test_no_instance():
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.45, 0.18])
    sample.pred_instances = sample.pred_instances[:0]
    assert (draw(MaskScoringVisualizer(), sample) == IMAGE).all()
