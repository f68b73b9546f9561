"""Data to train a mask score for any model."""

import pytest
from mmengine.config import Config

from mmdet_msrcnn.apis.mask_scored_data import (
    check_test,
    metric_of,
    scorer_pipeline,
    training_set,
)

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
        # Padding stays at the right and at the bottom.
        flip,
        PAD,
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
    ('metrics', 'expected'),
    [
        (dict(type='CocoMetric', ann_file='a.json'), dict(ann_file='a.json')),
        (
            [
                dict(type='CocoPanopticMetric', ann_file='p.json'),
                dict(type='CocoMetric', ann_file='a.json'),
            ],
            dict(ann_file='a.json'),
        ),
        (
            dict(type='mmdet_msrcnn.MaskScoringMetric', max_dets=300),
            dict(max_dets=300),
        ),
    ],
)
def test_metric(metrics, expected):
    found = metric_of(Config(dict(test_evaluator=metrics)))
    assert found == dict(expected, type='mmdet_msrcnn.MaskScoringMetric')


def test_metric_without_annotations_is_an_error():
    cfg = Config(dict(test_evaluator=dict(type='VOCMetric')))
    with pytest.raises(ValueError, match='test_evaluator has no ann_file'):
        metric_of(cfg)


def tested(**changes):
    parts = dict(
        train_dataloader=dict(dataset=dict(type='CocoDataset')),
        test_dataloader=dict(dataset=dict(type='CocoDataset', pipeline=[])),
        test_evaluator=dict(type='CocoMetric'),
    )
    return Config(parts | changes)


@pytest.mark.parametrize(
    ('changes', 'match'),
    [
        (dict(test_dataloader=None), 'The config has no test_dataloader'),
        (dict(test_evaluator=None), 'The config has no test_evaluator'),
        (dict(train_dataloader=None), 'The config has no train_dataloader'),
        (
            dict(test_dataloader=dict(dataset=dict(type='ConcatDataset'))),
            'is a ConcatDataset. Use the data set inside it',
        ),
    ],
)
def test_config_that_does_not_say_how_to_test(changes, match):
    check_test(tested())
    with pytest.raises(ValueError, match=match):
        check_test(tested(**changes))
