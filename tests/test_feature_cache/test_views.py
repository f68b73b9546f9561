"""A cache stores what a pipeline shows without random numbers."""

import pytest

from mmdet_msrcnn.feature_cache.views import random_views, views_of
from mmdet_msrcnn.utils.data_sets import pipelines_of

LOAD = dict(type='LoadImageFromFile')
RESIZE = dict(type='mmdet.Resize', scale=(64, 64), keep_ratio=True)
PACK = dict(type='PackDetInputs')


def dataset(*steps):
    return dict(type='CocoDataset', pipeline=[LOAD, *steps, PACK])


def flip(**kwargs):
    return dict(type='RandomFlip', **kwargs)


def test_one_view_without_flips():
    config = dataset(RESIZE)
    assert views_of(config) == [(config, 1.0)]


@pytest.mark.parametrize(
    ('prob', 'expected'),
    [
        (0.5, [(0.0, 0.5), (1.0, 0.5)]),
        (0.3, [(0.0, 0.7), (1.0, 0.3)]),
        (0.0, [(0.0, 1.0)]),
        (1, [(1.0, 1.0)]),
    ],
)
def test_a_flip_gives_two_views(prob, expected):
    config = dataset(RESIZE, flip(prob=prob))
    views = views_of(config)
    found = [(v.dataset['pipeline'][2]['prob'], v.prob) for v in views]
    assert found == expected
    assert config['pipeline'][2]['prob'] == prob


def test_all_inner_data_sets_flip_together():
    config = dict(
        type='RepeatDataset',
        dataset=dict(
            type='ConcatDataset',
            datasets=[dataset(flip(prob=0.5)), dataset(flip(prob=0.5))],
        ),
    )
    for view, prob in zip(views_of(config), (0.0, 1.0), strict=True):
        inner = list(pipelines_of(view.dataset))
        assert [p[1]['prob'] for p in inner] == [prob, prob]


def test_random_views_have_the_whole_pipeline():
    config = dataset(dict(type='RandomCrop', crop_size=(8, 8)))
    assert random_views(config, 4) == [(config, 0.25)] * 4


@pytest.mark.parametrize('num', [0, -1, 1.5, '2'])
def test_a_number_of_views_is_positive(num):
    with pytest.raises(ValueError, match='train_cfg.num_views must be'):
        random_views(dataset(), num)


@pytest.mark.parametrize(
    ('config', 'match'),
    [
        (dataset(dict(type='RandomCrop', crop_size=(8, 8))), 'RandomCrop'),
        (dataset(dict(type='mmdet.RandomResize')), 'RandomResize'),
        (dataset(flip(prob=[0.2, 0.3], direction=['a', 'b'])), 'prob='),
        (dataset(flip(prob=0.5, direction=['horizontal'])), 'direction='),
        (dataset(flip(prob=0.5), flip(prob=0.5)), 'twice'),
        (
            dict(datasets=[dataset(flip(prob=0.5)), dataset()]),
            r'\[0.0, 0.5\]',
        ),
        (
            dict(
                type='MultiImageMixDataset',
                dataset=dataset(),
                pipeline=[dict(type='Mosaic')],
            ),
            'Mosaic',
        ),
    ],
)
def test_other_random_transforms_are_refused(config, match):
    with pytest.raises(ValueError, match=match):
        views_of(config)
