"""Mask scores for models of mmdet."""

import pytest
import yaml
from mmengine.registry import init_default_scope

from mmdet_msrcnn.apis.mask_scored_config import scored_model
from mmdet_msrcnn.feature_cache.views import views_of
from mmdet_msrcnn.lab.reproduction.protocols import load_config
from mmdet_msrcnn.utils.configs import read_config
from tests.config_family import ANY_MODEL, FOLDER, name_of
from tests.helpers import build_model, collate, losses_of, scene
from tests.test_models.test_detectors.any_models import CONFIGS, MODEL_CONFIGS

ALL = pytest.mark.parametrize('path', ANY_MODEL, ids=name_of)


@pytest.mark.parametrize(
    'path', sorted(FOLDER.glob('any_model/*_nuclei.py')), ids=name_of
)
def test_detectors_of_nuclei(path):
    """One training step changes every part."""
    cfg = load_config(path)
    cfg.model.backbone.init_cfg = None
    model = build_model(cfg).train()
    batch = collate(*(scene(4, (128, 160), 1, seed) for seed in (1, 2)))
    loss, log = model.parse_losses(losses_of(model, batch))
    loss.backward()
    assert all(value.isfinite() for value in log.values())
    parts = {
        name.split('.')[0]
        for name, p in model.named_parameters()
        if p.grad is not None and p.grad.any()
    }
    assert parts == {name.split('.')[0] for name in model.state_dict()}


def test_every_class_has_a_config():
    detectors = {load_config(path).model.detector for path in ANY_MODEL}
    small = {f'mmdet::{config}' for config in MODEL_CONFIGS.values()}
    # The test model of SOLOv2 is smaller.
    assert {d for d in detectors if 'solov2' not in d} < small
    assert len(detectors) == len(small)


@ALL
def test_parts_fit_the_pyramid(path):
    init_default_scope('mmdet')
    model = load_config(path).model
    expected = scored_model(read_config(model.detector).model)
    extractor = dict(finest_scale=56) | model.roi_extractor
    assert extractor == expected['roi_extractor']
    head = dict(conv_out_channels=256, in_channels=256) | model.mask_iou_head
    assert head == expected['mask_iou_head']


@ALL
def test_images_are_those_of_the_test(path):
    cfg = load_config(path)
    theirs = read_config(cfg.model.detector)

    def geometry(pipeline):
        return [
            {k: v for k, v in step.items() if k != 'backend_args'}
            for step in pipeline
            if step.type in ('LoadImageFromFile', 'Resize', 'Pad')
        ]

    expected = geometry(theirs.test_dataloader.dataset.pipeline)
    assert expected
    for name in ('train', 'val', 'test'):
        dataset = cfg[f'{name}_dataloader'].dataset
        assert geometry(dataset.pipeline) == expected
    views = views_of(cfg.train_dataloader.dataset)
    assert [view.prob for view in views] == [0.5, 0.5]


@ALL
def test_checkpoint_is_that_of_the_detector(path):
    cfg = load_config(path)
    config = cfg.model.detector.removeprefix('mmdet::')
    metafile = (CONFIGS / config).parent / 'metafile.yml'
    content = yaml.safe_load(metafile.read_text())
    models = content['Models'] if isinstance(content, dict) else content
    (weights,) = [
        model['Weights']
        for model in models
        if model['Config'] == f'configs/{config}'
    ]
    assert cfg.load_from == weights
