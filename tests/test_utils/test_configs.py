"""Reading of config files."""

import pytest

from mmdet_msrcnn.utils.configs import read_config
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
