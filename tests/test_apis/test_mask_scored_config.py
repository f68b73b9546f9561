"""Configs that add a mask score to models of mmdet."""

import copy

import pytest
from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope

from mmdet_msrcnn.apis.mask_scored_config import (
    custom_imports,
    mask_scored_config,
    pyramid_layout,
    scored_model,
    scorer_pipeline,
    training_set,
)
from mmdet_msrcnn.feature_cache.views import views_of
from mmdet_msrcnn.utils.configs import read_config
from tests.helpers import MASK_RCNN
from tests.test_models.test_detectors.any_models import (
    MODEL_CONFIGS,
    build_small,
    small_model,
)

FPN = [4, 8, 16, 32]
STRIDES = {
    'CondInst': [8, 16, 32],
    'YOLACT': [8, 16, 32],
    'RTMDet': [8, 16, 32],
}


def mmdet_config(name):
    cfg = read_config(f'mmdet::{MODEL_CONFIGS[name]}')
    cfg.model = small_model(name)
    return cfg


@pytest.mark.parametrize('name', MODEL_CONFIGS)
def test_pyramid(name):
    channels, strides = pyramid_layout(build_small(name))
    assert strides == STRIDES.get(name, FPN)
    assert len(set(channels)) == 1


@pytest.mark.parametrize('name', MODEL_CONFIGS)
def test_config_of_every_model(name):
    cfg = mask_scored_config(mmdet_config(name), 'a.pth', 3, seed=5)
    assert cfg.load_from == 'a.pth'
    assert cfg.model.detector.type == name
    assert cfg.model.mask_iou_head.class_agnostic
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[1].end == 3
    assert cfg.randomness.seed == 5
    assert cfg.test_evaluator.type == 'mmdet_msrcnn.MaskScoringMetric'
    assert cfg.test_evaluator.ann_file.endswith('instances_val2017.json')
    # The cache can store what the pipeline shows: images and flipped images.
    dataset = cfg.train_dataloader.dataset
    assert dataset.ann_file.endswith('instances_train2017.json')
    assert [view.prob for view in views_of(dataset)] == [0.5, 0.5]


def test_config_of_this_package():
    cfg = Config.fromfile(MASK_RCNN)
    cfg.test_evaluator.max_dets = 300
    scored = mask_scored_config(cfg, 'a.pth')
    assert scored.test_evaluator == cfg.test_evaluator
    assert scored.custom_imports.imports == ['mmdet_msrcnn']


def test_levels_of_different_channels_are_concatenated():
    init_default_scope('mmdet')
    model = small_model('MaskRCNN')
    del model['neck']
    scored = scored_model(model)
    assert scored['roi_extractor'] == dict(
        type='mmdet.GenericRoIExtractor',
        aggregation='concat',
        roi_layer=dict(type='RoIAlign', output_size=14, sampling_ratio=2),
        out_channels=32 + 64 + 128 + 256,
        featmap_strides=FPN,
    )
    assert scored['mask_iou_head']['in_channels'] == 480
    assert scored['mask_iou_head']['conv_out_channels'] == 256


def test_pretrained_weights_are_not_loaded():
    cfg = mmdet_config('MaskRCNN')
    pretrained = dict(type='Pretrained', checkpoint='torchvision://resnet50')
    cfg.model.backbone.init_cfg = copy.deepcopy(pretrained)
    normal = dict(type='Normal', std=0.01)
    cfg.model.neck.init_cfg = copy.deepcopy(normal)
    detector = mask_scored_config(cfg, 'a.pth').model.detector
    assert detector.backbone.init_cfg is None
    assert detector.neck.init_cfg == normal
    assert cfg.model.backbone.init_cfg == pretrained


LOAD = dict(type='LoadImageFromFile')
RESIZE = dict(type='Resize', scale=(64, 64))
PAD = dict(type='Pad', size=(64, 64))
PACK = dict(type='PackDetInputs', meta_keys=('img_id',))
BOXES = dict(type='LoadAnnotations', with_bbox=True)


def test_pipeline_is_that_of_the_test():
    flip = dict(type='RandomFlip', prob=0.3)
    found = scorer_pipeline(
        [LOAD, RESIZE, PAD, BOXES, PACK],
        [
            dict(type='LoadAnnotations', poly2mask=False),
            dict(type='CachedMosaic'),
            flip,
        ],
    )
    assert found == [
        LOAD,
        # Bitmaps: polygons and run lengths can be read as such.
        dict(type='LoadAnnotations', with_bbox=True, with_mask=True),
        RESIZE,
        PAD,
        flip,
        dict(type='PackDetInputs'),
    ]


def test_no_flip_where_training_has_none():
    """Left and right can be classes."""
    found = scorer_pipeline([LOAD, RESIZE, PACK], [LOAD, BOXES])
    assert [step['type'] for step in found] == [
        'LoadImageFromFile',
        'LoadAnnotations',
        'Resize',
        'PackDetInputs',
    ]


def test_random_test_pipeline_is_an_error():
    with pytest.raises(ValueError, match='The test pipeline has RandomCrop'):
        scorer_pipeline([LOAD, dict(type='RandomCrop'), PACK], [])


def wrapped(kind, key='dataset'):
    inner = dict(type='CocoDataset', ann_file='a.json', pipeline=[LOAD])
    inner = (
        [inner, dict(inner, ann_file='b.json')] if key == 'datasets' else inner
    )
    dataset = {'type': kind, key: inner}
    if kind == 'MultiImageMixDataset':
        dataset['pipeline'] = [dict(type='RandomFlip', prob=0.5)]
    return Config(
        dict(
            train_dataloader=dict(dataset=dataset),
            test_dataloader=dict(dataset=dict(pipeline=[LOAD, RESIZE, PACK])),
        )
    )


def test_data_sets_inside_wrappers():
    mixed = training_set(wrapped('MultiImageMixDataset'))
    assert mixed['ann_file'] == 'a.json'
    assert mixed['pipeline'][-2] == dict(type='RandomFlip', prob=0.5)
    repeated = training_set(wrapped('RepeatDataset'))
    assert repeated['type'] == 'CocoDataset'
    both = training_set(wrapped('ConcatDataset', 'datasets'))
    assert [one['ann_file'] for one in both['datasets']] == [
        'a.json',
        'b.json',
    ]
    for one in both['datasets']:
        assert one['pipeline'][2] == RESIZE


def test_data_set_without_annotations_is_an_error():
    cfg = wrapped('RepeatDataset')
    del cfg.train_dataloader.dataset.dataset['ann_file']
    with pytest.raises(ValueError, match='has no ann_file'):
        training_set(cfg)


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        (None, ['mmdet_msrcnn']),
        (dict(imports=['my', 'mmdet_msrcnn']), ['my', 'mmdet_msrcnn']),
        (dict(imports=['my']), ['my', 'mmdet_msrcnn']),
    ],
)
def test_imports_of_the_config_are_kept(given, expected):
    found = custom_imports(ConfigDict(custom_imports=given))
    assert found == dict(imports=expected, allow_failed_imports=False)
