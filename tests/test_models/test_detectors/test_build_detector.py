"""Detectors from configs."""

import pytest
from mmdet.models.detectors import MaskRCNN
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmdet_msrcnn.models.detectors.build_detector import build_detector
from tests.helpers import MASK_RCNN, small_config


# mmdet's type has no scope of its own in the config.
@pytest.mark.parametrize('scope', ['mmengine', 'mmdet_msrcnn'])
def test_the_scope_is_that_of_the_config(scope):
    cfg = small_config(MASK_RCNN)
    assert cfg.model.type == 'MaskRCNN'
    with DefaultScope.overwrite_default_scope(scope):
        assert type(build_detector(cfg)) is MaskRCNN


def test_a_config_without_a_scope_is_of_mmdet():
    cfg = small_config(MASK_RCNN)
    own = Config(dict(model=cfg.model))
    assert 'default_scope' not in own
    assert type(build_detector(own)) is MaskRCNN
