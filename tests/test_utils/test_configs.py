"""Reading of config files."""

import copy

import pytest
from mmengine.config import ConfigDict

from mmdet_msrcnn.utils.configs import (
    main_metric,
    model_config,
    read_config,
    without_pretrained,
)
from tests.helpers import MASK_RCNN


def test_file():
    assert read_config(MASK_RCNN).model.type == 'MaskRCNN'
    assert read_config(str(MASK_RCNN)).model.type == 'MaskRCNN'


def test_file_of_a_package():
    cfg = read_config('mmdet::htc/htc_r50_fpn_1x_coco.py')
    assert cfg.model.type == 'HybridTaskCascade'


@pytest.mark.parametrize('name', ['no/such.py', 'mmdet::no/such.py'])
def test_missing_file(name):
    with pytest.raises(FileNotFoundError, match='such.py'):
        read_config(name)


PRETRAINED = dict(type='Pretrained', checkpoint='torchvision://resnet50')
NORMAL = dict(type='Normal', std=0.01)


def test_pretrained_weights_are_left_out():
    cfg = ConfigDict(
        backbone=dict(init_cfg=PRETRAINED, depth=None),
        stages=[dict(init_cfg=[NORMAL, PRETRAINED]), None],
        sizes=(1, 2),
    )
    before = copy.deepcopy(cfg)
    assert without_pretrained(cfg) == dict(
        backbone=dict(init_cfg=None, depth=None),
        stages=[dict(init_cfg=[NORMAL]), None],
        sizes=(1, 2),
    )
    assert cfg == before


def test_config_of_a_model():
    of_file = model_config('mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py')
    assert of_file.type == 'MaskRCNN'
    assert of_file.backbone.init_cfg is None
    assert model_config(of_file) == of_file


def test_the_main_metric_is_the_first():
    first, second = dict(type='A'), dict(type='B')
    assert main_metric(first) is first
    assert main_metric([first, second]) is first
