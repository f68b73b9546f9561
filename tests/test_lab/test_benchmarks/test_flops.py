"""Parameters and multiply-accumulates of the heads of configs."""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.benchmarks.flops import count_flops
from tests.helpers import PLUS, build_model, small_config

# Worked by hand for 16 channels: 3x3 convolutions on 14x14.
CONV = 16 * 16 * 9 * 14 * 14


@pytest.fixture(scope='module')
def paths(tmp_path_factory):
    """The paper's head, one with another fusion, one that learns."""
    folder = tmp_path_factory.mktemp('configs')
    found = []
    for name, cfg, changes in (
        ('paper', small_config(), {}),
        ('multiply', small_config(), dict(fusion='multiply')),
        ('learned', small_config(PLUS), {}),
    ):
        cfg.model.roi_head.mask_iou_head.update(changes)
        found.append(folder / f'{name}.py')
        cfg.dump(found[-1])
    return found


def test_a_row_for_the_mask_head_and_for_each_mask_iou_head(paths):
    rows = count_flops(paths)
    assert [row['head'] for row in rows] == [
        'mask head',
        'MaskIoU head, concat',
        'MaskIoU head, multiply',
        'mask score head, concat',
    ]
    models = [build_model(Config.fromfile(path)) for path in paths]
    heads = [models[0].roi_head.mask_head]
    heads += [model.roi_head.mask_iou_head for model in models]
    for row, head in zip(rows, heads, strict=True):
        assert row['parameters'] == sum(p.numel() for p in head.parameters())


def test_a_multiplied_mask_saves_an_input_channel(paths):
    _, concat, multiply, _ = (row['gmac'] * 1e9 for row in count_flops(paths))
    assert concat - multiply == pytest.approx(CONV / 16)
