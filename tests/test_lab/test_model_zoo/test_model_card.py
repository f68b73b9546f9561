"""Words that describe a model."""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.analysis.figures import Figures
from mmdet_msrcnn.lab.model_zoo.model_card import kind_of
from tests.config_family import FOLDER


@pytest.mark.parametrize(
    ('config', 'figures', 'kind'),
    [
        ('mask_rcnn/mask-rcnn', Figures(), 'none'),
        ('ms_rcnn/ms-rcnn', Figures(mask_score=0.2), 'product'),
        ('ms_rcnn_plus/ms-rcnn-plus', Figures(mask_score=0.2), 'learned'),
    ],
)
def test_kind_is_that_of_the_head(config, figures, kind):
    cfg = Config.fromfile(FOLDER / f'{config}_r18_fpn_18e_coco.py')
    assert kind_of(cfg, figures) == kind
