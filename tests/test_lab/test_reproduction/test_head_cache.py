"""Heads that train on the same RoIs share a feature cache."""

import pytest

from mmdet_msrcnn.lab.reproduction import PROTOCOLS
from mmdet_msrcnn.lab.reproduction.head_cache import use_cache
from tests.config_family import FOLDER

NAMES = {
    'ms-rcnn': 'positives',
    'ms-rcnn_fusion-multiply': 'positives',
    'ms-rcnn_fusion-mask-only': 'positives',
    'ms-rcnn_tau-0.5': 'positives',
    'ms-rcnn_fusion-all-masks': 'positives_all-masks',
    'ms-rcnn_fusion-hr-roi': None,
    'ms-rcnn_target-all': 'positives_target-all',
    'ms-rcnn_target-present': 'positives_target-present',
    'ms-rcnn_target-mmdet': None,
    'ms-rcnn-plus': 'detections',
    'mask-rcnn': None,
}


@pytest.mark.parametrize('name', NAMES)
def test_names_on_photos(name):
    protocol = PROTOCOLS['animals'](FOLDER)
    head, _, ablation = name.partition('_')
    variant = f'{head}_efflite0_fpn' + (f'_{ablation}' if ablation else '')
    assert protocol.recipe(variant).cache == NAMES[name]


def test_random_crops_are_trained_directly():
    protocol = PROTOCOLS['nuclei'](FOLDER)
    assert protocol.recipe('ms-rcnn_r18_fpn').cache is None
    assert protocol.recipe('ms-rcnn-plus_r18_fpn').cache == 'detections'


def test_a_config_gets_the_loop_and_the_folder(tmp_path):
    cfg = PROTOCOLS['demo'](FOLDER).recipe('ms-rcnn_r18_fpn').train
    epochs = cfg.train_cfg.max_epochs
    use_cache(cfg, tmp_path)
    assert cfg.train_cfg.type == 'mmdet_msrcnn.CachedTrainLoop'
    assert cfg.train_cfg.cache_dir == str(tmp_path)
    assert cfg.train_cfg.max_epochs == epochs
