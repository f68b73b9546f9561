"""Detections of a frozen detector, with the inputs of a mask score head."""

import numpy as np
import pytest
import torch
from pycocotools import mask as mask_utils

from mmdet_msrcnn.lab.screening.detections import find_detections
from tests.coco_data import HEIGHT, WIDTH, annotation
from tests.test_lab.test_screening.data import CATEGORIES, build


@torch.no_grad()
def test_what_is_kept_is_what_the_model_finds(model, dataset, found):
    start = 0
    for index in range(len(dataset)):
        sample = dataset[index]
        batch = dict(
            inputs=[sample['inputs']], data_samples=[sample['data_samples']]
        )
        pred = model.test_step(batch)[0].pred_instances
        own = slice(start, start + len(pred))
        start += len(pred)
        assert (found.images[own] == index).all()
        assert torch.equal(found.scores[own], pred.scores)
        for i, result in enumerate(found.results[own]):
            assert result['category_id'] == CATEGORIES[pred.labels[i]]
            decoded = mask_utils.decode(result['segmentation'])
            assert (decoded == pred.masks[i].numpy()).all()
    assert start == len(found.results) > 0
    assert found.ious.max() > 0
    assert (found.rates[found.ious < 0.5] == 0).all()


@pytest.mark.parametrize('label', [0, 1])
def test_detections_on_crowds_of_their_class_do_not_train(
    model, tmp_path, label
):
    everywhere = np.ones((HEIGHT, WIDTH), np.uint8)
    crowd = annotation(everywhere, category_id=CATEGORIES[label], iscrowd=1)
    one = annotation(np.eye(HEIGHT, WIDTH, dtype=np.uint8), category_id=7)
    found = find_detections(model, build(tmp_path, [[one, crowd]]))
    assert torch.equal(found.trained, found.inputs[2] != label)


def test_images_without_a_detection_are_left_out(
    model, dataset, found, monkeypatch
):
    best = torch.stack(
        [found.scores[found.images == i].max() for i in range(len(dataset))]
    )
    # Between the best of the images.
    threshold = best.sort().values[1:3].mean().item()
    expected = (best > threshold).nonzero()[:, 0]
    assert len(expected) == 2
    test_cfg = model.roi_head.test_cfg
    monkeypatch.setitem(test_cfg, 'score_thr', threshold)
    fewer = find_detections(model, dataset)
    assert fewer.images.unique().tolist() == expected.tolist()
    assert (fewer.scores > threshold).all()
    assert len(fewer.inputs[0]) == len(fewer.results) == len(fewer.scores)


def test_no_detection_at_all_is_an_error(model, dataset, monkeypatch):
    monkeypatch.setitem(model.roi_head.test_cfg, 'score_thr', 1.1)
    with pytest.raises(ValueError, match='detects nothing in 4 images'):
        find_detections(model, dataset)


def test_the_model_is_left_as_it_was(model, found):
    assert not model.roi_head.mask_iou_head._forward_pre_hooks
