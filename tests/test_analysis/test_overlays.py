"""Pictures of detections with their scores."""

import cv2
import numpy as np
import pytest
import torch

from mmdet_msrcnn.analysis import overlays
from mmdet_msrcnn.analysis.overlays import draw_overlays, to_instances
from tests.test_evaluation.coco_cases import (
    SIZE,
    encode,
    make_coco,
    rectangle,
)

BOX = (10, 20, 30, 16)


def detection(image_id: int, category_id: int = 10, **changes) -> dict:
    scores = dict(score=0.9, mask_iou=0.8, mask_score=0.72) | changes
    return dict(
        scores,
        image_id=image_id,
        category_id=category_id,
        bbox=[float(v) for v in BOX],
        segmentation=encode(rectangle(*BOX)),
    )


@pytest.fixture
def coco(tmp_path):
    """Five images of two classes."""
    coco = make_coco([(1, 10, BOX, 0)], 5, 2)
    for image in coco.dataset['images']:
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(tmp_path / image['file_name']), picture)
    return coco


@pytest.fixture
def seen(monkeypatch):
    """What is drawn, without drawing it: file, class names, instances."""
    found = []

    class Recorder(overlays.MaskScoringVisualizer):
        def add_datasample(self, name, image, sample, out_file, **kwargs):
            pred = sample.pred_instances
            classes = self.dataset_meta['classes']
            names = [classes[label] for label in pred.labels.tolist()]
            found.append((name, names, pred))
            cv2.imwrite(out_file, image)

    monkeypatch.setattr(overlays, 'MaskScoringVisualizer', Recorder)
    return found


def test_instances_by_hand():
    masks = np.zeros((2, 4, 6), np.uint8)
    masks[0, 1:3, 2:5] = 1
    masks[1, :, :1] = 1
    detections = [
        dict(
            bbox=[2.0, 1, 3, 2],
            category_id=7,
            segmentation=encode(masks[0]),
            score=0.5,
            mask_iou=0.25,
            mask_score=0.125,
        ),
        dict(
            bbox=[0.0, 0, 1, 4],
            category_id=30,
            segmentation=encode(masks[1]),
            score=1.0,
            mask_iou=0.5,
            mask_score=0.75,
        ),
    ]
    found = to_instances(detections, [30, 7], (8, 12), 2)
    # Corners in the image of twice the size, not width and height.
    assert found.bboxes.tolist() == [[4, 2, 10, 6], [0, 0, 2, 8]]
    assert found.labels.tolist() == [1, 0]
    doubled = np.kron(masks, np.ones((1, 2, 2), np.uint8))
    assert found.masks.dtype == torch.bool
    assert (found.masks.numpy() == doubled).all()
    assert found.scores.tolist() == [0.5, 1]
    assert found.mask_ious.tolist() == [0.25, 0.5]
    assert found.mask_scores.tolist() == [0.125, 0.75]


def test_no_detection_gives_no_instance():
    found = to_instances([], [10], (8, 12), 2)
    assert len(found) == 0
    assert found.bboxes.shape == (0, 4)
    assert found.masks.shape == (0, 8, 12)


@pytest.mark.parametrize(
    ('num', 'images'), [(1, '1'), (3, '135'), (5, '12345'), (99, '12345')]
)
def test_images_are_spread_over_the_data_set(
    coco, tmp_path, seen, num, images
):
    draw_overlays(coco, [], tmp_path, tmp_path / 'out', num)
    assert [name for name, *_ in seen] == list(images)
    files = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert files == [f'{name}.png' for name in images]


def test_detections_of_the_image_with_the_names_of_their_classes(
    coco, tmp_path, seen
):
    detections = [
        detection(2, 20),
        detection(1, 10, mask_score=0.5),
        # A score of 0.3 is not above it.
        detection(1, 20, score=0.3),
        detection(1, 20, score=0.31),
    ]
    draw_overlays(coco, detections, tmp_path, tmp_path / 'out', 5)
    names = [names for _, names, _ in seen]
    assert names == [['class0', 'class1'], ['class1'], [], [], []]
    assert seen[0][-1].mask_scores.tolist() == pytest.approx([0.5, 0.72])
    x, y, width, height = (value * 12 for value in BOX)
    corners = [x, y, x + width, y + height]
    assert seen[1][-1].bboxes.tolist() == [corners]


def test_images_of_one_name_in_two_folders_do_not_replace_each_other(
    coco, tmp_path, seen
):
    for folder, image in zip('ab', coco.dataset['images'][:2], strict=True):
        (tmp_path / folder).mkdir()
        image['file_name'] = f'{folder}/1.png'
        picture = np.full((SIZE, SIZE, 3), 90, np.uint8)
        cv2.imwrite(str(tmp_path / image['file_name']), picture)
    draw_overlays(coco, [], tmp_path, tmp_path / 'out', 5)
    files = (tmp_path / 'out').rglob('*.png')
    assert len(list(files)) == 5


def test_a_small_image_is_enlarged_and_drawn_on(coco, tmp_path):
    draw_overlays(coco, [detection(1)], tmp_path, tmp_path / 'out', 2)
    drawn, plain = (
        cv2.imread(str(tmp_path / f'out/{name}.png')) for name in '15'
    )
    assert drawn.shape == plain.shape == (768, 768, 3)
    assert (plain == 90).all()
    x, y, width, height = (value * 12 for value in BOX)
    inside = drawn[y : y + height, x : x + width]
    assert (inside != 90).any(axis=2).mean() > 0.9
    # Outside there is no more than the outline.
    below = drawn[y + height + 12 :]
    assert (below == 90).all()


def test_missing_image_is_named(coco, tmp_path):
    (tmp_path / '1.png').write_text('not an image')
    with pytest.raises(
        FileNotFoundError, match=r'1\.png is missing or is not'
    ):
        draw_overlays(coco, [], tmp_path, tmp_path / 'out', 1)
    assert not (tmp_path / 'out').exists()
