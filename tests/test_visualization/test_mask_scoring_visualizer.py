"""Labels carry the class score, the MaskIoU and the mask score."""

import tracemalloc

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


def test_labels_and_threshold_of_a_model_that_ranks_by_mask_score(drawn_texts):
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.9, 0.2])
    sample.pred_instances.class_scores = torch.tensor([0.25, 0.98])
    draw(MaskScoringVisualizer(), sample)
    assert drawn_texts == ['cat cls .25 iou .50 mask .90']


def test_class_scores_are_those_of_their_detections(drawn_texts):
    """The two orders differ."""
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.9, 0.8])
    pred = sample.pred_instances
    pred.scores = pred.mask_scores.clone()
    pred.class_scores = torch.tensor([0.25, 0.98])
    draw(MaskScoringVisualizer(), sample)
    assert sorted(drawn_texts) == [
        'cat cls .25 iou .50 mask .90',
        'dog cls .98 iou .90 mask .80',
    ]


@pytest.mark.parametrize(
    ('size', 'factor'), [((100, 200), 1), ((2000, 2000), 2), ((3000, 3000), 3)]
)
def test_labels_are_larger_on_large_images(monkeypatch, size, factor):
    sizes = []
    monkeypatch.setattr(
        DetLocalVisualizer,
        'draw_texts',
        lambda self, *args, font_sizes, **kwargs: sizes.append(font_sizes),
    )
    visualizer = MaskScoringVisualizer()
    visualizer.set_image(np.zeros((*size, 3), np.uint8))
    visualizer.draw_texts('a', np.zeros((1, 2)), font_sizes=10)
    visualizer.draw_texts('a', np.zeros((1, 2)))
    assert sizes == [10 * factor, None]


@pytest.mark.parametrize('side', ['left', 'center', 'right'])
@pytest.mark.parametrize('x', [0, 100, 250, 299])
def test_a_label_is_within_the_image(x, side):
    """Where it was to be if that fits, else at the edge."""
    visualizer = MaskScoringVisualizer(image=np.zeros((50, 300, 3), np.uint8))
    visualizer.draw_texts(
        'dog cls .98',
        np.array([x, 20]),
        font_sizes=13,
        horizontal_alignments=side,
    )
    visualizer.get_image()
    (text,) = visualizer.ax_save.texts
    box = text.get_window_extent()
    left = x - box.width * dict(left=0, center=0.5, right=1)[side]
    assert box.x0 == pytest.approx(min(max(left, 0), 300 - box.width), abs=1)
    assert text.get_position()[1] == 20


def test_draws_as_mmdet_does_without_mask_scores(drawn_texts):
    draw(MaskScoringVisualizer(), prediction())
    assert drawn_texts == ['cat: 90.0']


def test_masks_and_boxes_are_drawn():
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.45, 0.18])
    drawn = draw(MaskScoringVisualizer(), sample)
    changed = (drawn != IMAGE).any(-1)
    assert changed[50, 50]
    assert not changed[90, 100]


def many(num: int, height: int, width: int) -> DetDataSample:
    """Overlapping rectangles, all above the threshold."""
    masks = torch.zeros(num, height, width, dtype=torch.bool)
    boxes = torch.zeros(num, 4)
    for i, mask in enumerate(masks):
        y, x = 7 * i % (height // 2), 11 * i % (width // 2)
        mask[y : y + height // 3, x : x + width // 3] = True
        # A hole.
        mask[y + 4 : y + 9, x + 4 : x + 9] = False
        boxes[i] = torch.tensor([x, y, x + width // 3, y + height // 3])
    instances = InstanceData(
        bboxes=boxes,
        labels=torch.arange(num) % 2,
        scores=torch.full((num,), 0.9),
        masks=masks,
    )
    return DetDataSample(pred_instances=instances)


@pytest.mark.parametrize('with_boxes', [True, False])
def test_pixels_are_those_of_mmdet(with_boxes):
    sample = many(5, 120, 160)
    if not with_boxes:
        sample.pred_instances.bboxes *= 0
    pictures = []
    for cls in (MaskScoringVisualizer, DetLocalVisualizer):
        # mmdet jitters the colors.
        np.random.seed(0)
        pictures.append(draw(cls(), sample).astype(int))
    difference = np.abs(pictures[0] - pictures[1])
    assert (pictures[1] != IMAGE).any()
    # Rounding
    assert difference.max() <= 1


def peak_of_drawing(num: int) -> int:
    sample = many(num, 600, 800)
    sample.pred_instances.mask_ious = torch.full((num,), 0.5)
    sample.pred_instances.mask_scores = torch.full((num,), 0.45)
    visualizer = MaskScoringVisualizer()
    visualizer.dataset_meta = dict(classes=('cat', 'dog'), palette='random')
    image = np.full((600, 800, 3), 90, np.uint8)
    tracemalloc.start()
    visualizer.add_datasample('name', image, sample, draw_gt=False)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_masks_are_not_copied():
    """100 masks have 48 MB, which the forward pass holds."""
    growth = peak_of_drawing(100) - peak_of_drawing(1)
    assert growth < 12e6


def test_a_sample_is_not_changed():
    sample = many(3, 120, 160)
    masks = sample.pred_instances.masks
    draw(MaskScoringVisualizer(), sample)
    assert sample.pred_instances.masks is masks
    assert sample.keys() == ['pred_instances']


def test_no_instance():
    sample = prediction(mask_ious=[0.5, 0.9], mask_scores=[0.45, 0.18])
    sample.pred_instances = sample.pred_instances[:0]
    assert (draw(MaskScoringVisualizer(), sample) == IMAGE).all()
