"""A missing data set is an error before anything starts."""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.lab.reproduction.data import (
    COMMANDS,
    annotation_files,
    backbone_weights,
    check_data,
)
from mmdet_msrcnn.lab.reproduction.protocols import PROTOCOLS, Recipe
from tests.helpers import ROOT


@pytest.mark.parametrize('name', PROTOCOLS)
def test_every_protocol_has_a_command(name, tmp_path, monkeypatch):
    protocol = PROTOCOLS[name](ROOT / 'configs')
    recipe = protocol.recipe(protocol.detector)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match='Nothing was started') as e:
        check_data([recipe])
    assert any(command in str(e.value) for command in COMMANDS.values())
    files = annotation_files(recipe.test) + backbone_weights(recipe.train)
    for path in files:
        assert str(path) in str(e.value)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    check_data([recipe])


def test_what_is_not_trained_needs_its_test_set_alone():
    recipe = PROTOCOLS['demo'](ROOT / 'configs').recipe('mask-rcnn_r18_fpn')
    check_data([])
    with pytest.raises(FileNotFoundError, match=r'gone/x\.json'):
        loader = dict(dataset=dict(data_root='gone/', ann_file='x.json'))
        cfg = dict.fromkeys(
            ('train_dataloader', 'val_dataloader', 'test_dataloader'), loader
        )
        check_data([Recipe(recipe.source, None, Config(cfg))])


@pytest.mark.parametrize(
    ('init_cfg', 'expected'),
    [
        (None, []),
        (dict(type='Pretrained', checkpoint='torchvision://resnet18'), []),
        (dict(type='Pretrained', checkpoint='a/b.pth'), ['a/b.pth']),
        ([dict(type='Kaiming', layer='Conv2d')], []),
    ],
)
def test_local_weights_of_a_backbone(init_cfg, expected):
    cfg = Config(dict(model=dict(backbone=dict(init_cfg=init_cfg))))
    assert [str(path) for path in backbone_weights(cfg)] == expected


def test_missing_weights_are_named_with_their_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    protocol = PROTOCOLS['animals'](ROOT / 'configs')
    recipe = protocol.recipe(protocol.detector)
    for path in annotation_files(recipe.train):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with pytest.raises(FileNotFoundError, match='convert_efficientnet_lite'):
        check_data([recipe])
    # They are not needed to test.
    check_data([recipe._replace(train=None)])
