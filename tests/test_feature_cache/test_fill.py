"""The pass that fills a cache: every image, alone, in every view."""

import re

import pytest
import torch
from mmdet.registry import DATASETS
from mmengine.logging import MMLogger

from mmdet_msrcnn.feature_cache.fill import check_detector, fill
from mmdet_msrcnn.feature_cache.storage import Storage, new_cache
from mmdet_msrcnn.feature_cache.views import views_of
from tests.helpers import PLUS, build_model, small_config
from tests.test_feature_cache.frozen_training import frozen_config


@pytest.fixture
def setting(tmp_path):
    cfg = frozen_config(PLUS, tmp_path, flip=0.5)
    model = build_model(cfg)
    content = torch.load(cfg.load_from, weights_only=True)
    model.load_state_dict(content['state_dict'], strict=False)
    views = views_of(cfg.train_dataloader.dataset)
    return model, [DATASETS.build(view.dataset) for view in views]


def test_every_image_is_stored_in_every_view(setting, tmp_path, monkeypatch):
    model, datasets = setting
    lines = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'info', lines.append)
    with new_cache(tmp_path / 'cache', 1.0, {}) as writer:
        fill(writer, model, datasets, 0)
    storage = Storage(tmp_path / 'cache')
    num = len(datasets[0])
    assert len(storage) == 2 * num
    for index in range(num):
        plain, flipped = storage.read(index), storage.read(num + index)
        assert len(plain['labels']) > 0
        assert not torch.equal(plain['mask_feats'], flipped['mask_feats'])
    # The limit is stated first, the size last.
    assert 'at most 1 GB' in lines[0]
    assert f'{num} images in 2 views' in lines[0]
    rois = sum(len(storage.read(i)['labels']) for i in range(2 * num))
    assert re.search(rf'{rois} RoIs, 0.0\d GB', lines[-1])


def test_a_detector_of_this_kind_is_accepted(setting):
    check_detector(setting[0])


def test_a_detector_that_trains_is_refused():
    with pytest.raises(TypeError, match='The model is MaskRCNN'):
        check_detector(build_model(small_config()))
