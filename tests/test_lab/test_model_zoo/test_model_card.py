"""Which words describe a model."""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.model_zoo.model_card import KINDS, kind_of
from tests.config_family import FOLDER


@pytest.mark.parametrize(
    ('config', 'row', 'kind'),
    [
        ('mask_rcnn/mask-rcnn', {}, 'none'),
        ('ms_rcnn/ms-rcnn', dict(mask_score=0.2), 'product'),
        ('ms_rcnn_plus/ms-rcnn-plus', dict(mask_score=0.2), 'learned'),
    ],
)
def test_kind_is_that_of_the_head(config, row, kind):
    cfg = Config.fromfile(FOLDER / f'{config}_r18_fpn_18e_coco.py')
    assert kind_of(cfg, row) == kind
    assert kind in KINDS
