"""The light backbone; its features are compared with the checkpoint's."""

import pytest
import torch
from mmengine.config import Config

from mmdet_msrcnn.models import EfficientNetLite
from mmdet_msrcnn.registry import MODELS
from tests.helpers import ROOT

CONFIG = dict(type='mmdet_msrcnn.EfficientNetLite', out_indices=(2, 3, 4, 5))


@pytest.fixture
def model():
    return MODELS.build(CONFIG)


def test_channels_and_strides(model):
    assert type(model) is EfficientNetLite
    features = model.eval()(torch.zeros(1, 3, 64, 96))
    assert [tuple(f.shape[1:]) for f in features] == [
        (24, 16, 24),
        (40, 8, 12),
        (112, 4, 6),
        (320, 2, 3),
    ]


def test_it_has_as_many_parameters_as_published(model):
    # 4.65 M with the classifier: 320 x 1280 convolution, its batch norm, and
    # 1280 x 1000 with bias.
    classifier = 320 * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    total = sum(p.numel() for p in model.parameters()) + classifier
    assert round(total / 1e6, 2) == 4.65


def test_there_is_no_squeeze_and_excitation(model):
    names = [name for name, _ in model.named_modules()]
    assert not any('se' in name.split('.') for name in names)
    kinds = {type(m).__name__ for m in model.modules()}
    assert 'ReLU6' in kinds
    assert kinds.isdisjoint({'Swish', 'SiLU', 'SELayer', 'Sigmoid'})


def test_setting_the_mode_returns_the_module(model):
    assert model.train() is model
    assert model.training
    assert model.eval() is model
    assert not model.training


def test_frozen_stages_stay_as_they_are():
    model = MODELS.build(dict(CONFIG, frozen_stages=2, norm_eval=True)).train()
    trained = {
        n.split('.')[1] for n, p in model.named_parameters() if p.requires_grad
    }
    assert trained == {'2', '3', '4', '5'}
    assert not any(
        m.training for m in model.modules() if 'BatchNorm' in type(m).__name__
    )


def test_another_architecture_is_named():
    with pytest.raises(AssertionError, match='lite0'):
        EfficientNetLite(arch='lite9')


def test_configs_start_from_imagenet():
    cfg = Config.fromfile(ROOT / 'configs/_base_/mask-rcnn_efflite0_fpn.py')
    backbone = cfg.model.backbone
    assert backbone.type == 'mmdet_msrcnn.EfficientNetLite'
    assert (
        backbone.init_cfg.checkpoint == 'data/weights/efficientnet-lite0.pth'
    )
    # Rescales pixels to [-1, 1], as the weights were trained.
    assert cfg.model.data_preprocessor.mean == [127.5] * 3
    assert cfg.model.data_preprocessor.std == [127.5] * 3
    assert cfg.model.data_preprocessor.bgr_to_rgb
