"""The three detectors that are timed against each other."""

import cv2
import numpy as np
import pytest
import torch

from mmdet_msrcnn.benchmarks.inference import (
    IN_TREE,
    MASK_RCNN,
    OURS,
    inference,
    models,
)
from tests.helpers import MASK_RCNN as TWIN
from tests.helpers import small_config


@pytest.fixture(scope='module')
def configs(tmp_path_factory):
    folder = tmp_path_factory.mktemp('configs')
    paths = folder / 'ms_rcnn.py', folder / 'mask_rcnn.py'
    for path, cfg in zip(
        paths, (small_config(), small_config(TWIN)), strict=True
    ):
        cfg.test_dataloader.dataset.pipeline[1].scale = (96, 64)
        cfg.dump(path)
    return paths


def test_detectors_have_the_same_weights(configs):
    found = models(*configs)
    assert list(found) == [MASK_RCNN, IN_TREE, OURS]
    heads = {n: type(m.roi_head).__module__ for n, m in found.items()}
    assert heads[OURS].startswith('mmdet_msrcnn.')
    assert heads[IN_TREE].startswith('mmdet.')
    states = [model.state_dict() for model in found.values()]
    assert states[1].keys() == states[2].keys()
    for state in states[:2]:
        for name, value in state.items():
            assert torch.equal(value, states[2][name])


def test_rows(configs, tmp_path):
    path = tmp_path / 'image.png'
    image = np.random.default_rng(0).integers(0, 255, (64, 96, 3))
    cv2.imwrite(str(path), image)
    rows = inference(*configs, [path], repeats=1)
    assert [row['model'] for row in rows] == [MASK_RCNN, IN_TREE, OURS]
    assert rows[0]['ratio'] == 1
    # All that the config lets through.
    assert {row['detections'] for row in rows} == {10}
    assert all(row['seconds'] > 0 for row in rows)
