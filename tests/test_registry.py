"""The scope separates our types from mmdet's."""

import subprocess
import sys

import pytest
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.registry import MODELS as MMENGINE_MODELS
from mmengine.registry import DefaultScope

from mmdet_msrcnn.models import MaskIoUHead
from mmdet_msrcnn.registry import MODELS


@pytest.mark.parametrize('registry', [MODELS, MMDET_MODELS, MMENGINE_MODELS])
@pytest.mark.parametrize('scope', ['mmdet', 'mmengine', 'mmdet_msrcnn'])
def test_prefixed_type_is_ours_under_any_scope(registry, scope):
    with DefaultScope.overwrite_default_scope(scope):
        head = registry.build(dict(type='mmdet_msrcnn.MaskIoUHead'))
    assert type(head) is MaskIoUHead


def test_stock_types_of_mmdet_are_untouched():
    for name in ('MaskIoUHead', 'MaskScoringRoIHead'):
        assert MMDET_MODELS.get(name).__module__.startswith('mmdet.')


def test_types_are_found_without_an_import_on_the_users_side():
    code = (
        'from mmengine.registry import MODELS, init_default_scope;'
        "init_default_scope('mmdet');"
        "head = MODELS.build(dict(type='mmdet_msrcnn.MaskIoUHead'));"
        'print(type(head).__module__)'
    )
    run = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip().endswith(
        'mmdet_msrcnn.models.mask_heads.mask_iou_head'
    )
