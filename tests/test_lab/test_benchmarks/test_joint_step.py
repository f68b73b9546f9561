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
    cfg = small_config(PLUS)
    cfg.model.roi_head.score_every = 4
    cfg.dump(tmp_path / 'plus.py')
    return tmp_path / 'plus.py'


def test_rows(plus, configs, source):
    (row,) = joint_step.measure_joint_steps(
        {'small': (plus, configs[1])}, source, 'cpu', 1
    )
    assert_printable([row], joint_step.COLUMNS)
    assert row['every'] == 4
    # The scorer keeps its inputs for the backward pass.
    assert row[f'{joint_step.SCORED}, MB'] > row[f'{MASK_RCNN}, MB'] > 0
    # Megabytes: the images are small.
    assert row[f'{joint_step.SCORED}, MB'] < 1e4
    mean = 0.25 * row[joint_step.SCORED] + 0.75 * row[joint_step.OTHER]
    assert row['ratio'] == pytest.approx(mean / row[MASK_RCNN])


def test_the_scorer_is_trained_or_not(plus, configs, source):
    models = joint_step.joint_detectors(plus, configs[1], 'cpu')
    weights = [model.state_dict() for model in models.values()]
    for name, value in weights[0].items():
        assert all(torch.equal(value, other[name]) for other in weights)
    scene = make_scene(next(load_images(source)), num_pos=256)
    steps = train_steps(models, scene)
    samples = {
        name: float(step().get('mask_iou_samples', -1))
        for name, step in steps.items()
    }
    assert samples[MASK_RCNN] == -1
    assert samples[joint_step.OTHER] == 0
    # As many detections as allowed.
    most = Config.fromfile(plus).model.test_cfg.rcnn.max_per_img
    assert samples[joint_step.SCORED] == most > 0
