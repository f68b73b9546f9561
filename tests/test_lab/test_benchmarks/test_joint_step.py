"""Training steps of MS R-CNN+ with its detector."""

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.lab.benchmarks import joint_step
from mmdet_msrcnn.lab.benchmarks.detectors import MASK_RCNN
from mmdet_msrcnn.lab.benchmarks.scenes import load_images, make_scene
from mmdet_msrcnn.lab.benchmarks.step import train_steps
from tests.helpers import PLUS, small_config
from tests.test_lab.test_benchmarks.rows import assert_printable


@pytest.fixture
def plus(tmp_path):
    small_config(PLUS).dump(tmp_path / 'plus.py')
    return tmp_path / 'plus.py'


def test_rows(plus, configs, source):
    (row,) = joint_step.measure_joint_steps(
        {'small': (plus, configs[1])}, source, 'cpu', 1
    )
    assert_printable([row], joint_step.COLUMNS)
    # The scorer keeps its inputs for the backward pass.
    assert row[f'{joint_step.PLUS}, MB'] > row[f'{MASK_RCNN}, MB'] > 0
    # Megabytes: the images are small.
    assert row[f'{joint_step.PLUS}, MB'] < 1e4
    ratio = row[joint_step.PLUS] / row[MASK_RCNN]
    assert row['ratio'] == pytest.approx(ratio)


def test_steps_train_the_scorer_on_all_detections(plus, configs, source):
    models = joint_step.joint_detectors(plus, configs[1], 'cpu')
    plain, scored = (model.state_dict() for model in models.values())
    for name, value in plain.items():
        assert torch.equal(value, scored[name])
    scene = make_scene(next(load_images(source)), num_pos=256)
    losses, own = (step() for step in train_steps(models, scene).values())
    assert 'mask_iou_samples' not in losses
    # As many detections as allowed.
    most = Config.fromfile(plus).model.test_cfg.rcnn.max_per_img
    assert own['mask_iou_samples'] == most > 0
