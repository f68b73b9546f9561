"""Configs that add a mask score to models of mmdet."""

import copy

import pytest
from mmengine.config import Config, ConfigDict

from mmdet_msrcnn.apis.mask_scored_config import (
    custom_imports,
    mask_scored_config,
)
from mmdet_msrcnn.feature_cache.views import views_of
from mmdet_msrcnn.utils.configs import read_config
from tests.helpers import MASK_RCNN
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    small_model,
)


def mmdet_config(name):
    cfg = read_config(f'mmdet::{MODEL_CONFIGS[name]}')
    cfg.model = small_model(name)
    return cfg


@pytest.mark.parametrize('name', MODEL_CONFIGS)
def test_config_of_every_model(name):
    cfg = mask_scored_config(mmdet_config(name), 'a.pth', 3, seed=5)
    assert cfg.load_from == 'a.pth'
    assert cfg.model.detector.type == name
    assert cfg.model.mask_iou_head.class_agnostic
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[1].end == 3
    assert cfg.randomness.seed == 5
    assert cfg.test_evaluator.type == 'mmdet_msrcnn.MaskScoringMetric'
    assert cfg.test_evaluator.ann_file.endswith('instances_val2017.json')
    # The cache can store what the pipeline shows: images and flipped images.
    dataset = cfg.train_dataloader.dataset
    assert dataset.ann_file.endswith('instances_train2017.json')
    assert [view.prob for view in views_of(dataset)] == [0.5, 0.5]


def test_config_of_this_package():
    cfg = Config.fromfile(MASK_RCNN)
    cfg.test_evaluator.max_dets = 300
    scored = mask_scored_config(cfg, 'a.pth')
    assert scored.test_evaluator == cfg.test_evaluator
    assert scored.custom_imports.imports == ['mmdet_msrcnn']


def test_preprocessor_beside_the_model():
    """mmengine's Runner puts it into the model."""
    cfg = mmdet_config('MaskRCNN')
    cfg.data_preprocessor = cfg.model.pop('data_preprocessor')
    detector = mask_scored_config(cfg, 'a.pth').model.detector
    assert detector.data_preprocessor == cfg.data_preprocessor


def test_pretrained_weights_are_not_loaded():
    cfg = mmdet_config('MaskRCNN')
    pretrained = dict(type='Pretrained', checkpoint='torchvision://resnet50')
    cfg.model.backbone.init_cfg = copy.deepcopy(pretrained)
    normal = dict(type='Normal', std=0.01)
    cfg.model.neck.init_cfg = copy.deepcopy(normal)
    detector = mask_scored_config(cfg, 'a.pth').model.detector
    assert detector.backbone.init_cfg is None
    assert detector.neck.init_cfg == normal
    assert cfg.model.backbone.init_cfg == pretrained


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (None, ['mmdet_msrcnn']),
        (dict(imports=['my', 'mmdet_msrcnn']), ['my', 'mmdet_msrcnn']),
        (dict(imports=['my']), ['my', 'mmdet_msrcnn']),
    ],
)
def test_imports_of_the_config_are_kept(given, expected):
    found = custom_imports(ConfigDict(custom_imports=given))
    assert found == dict(imports=expected, allow_failed_imports=False)
