"""Configs of data sets in wrappers."""

import pytest
from mmengine.config import ConfigDict

from mmdet_msrcnn.utils.data_sets import inner_data_set, inner_data_sets

A, B, C = (
    ConfigDict(type='CocoDataset', ann_file=f'{name}.json') for name in 'abc'
)


def repeat(dataset) -> ConfigDict:
    return ConfigDict(type='RepeatDataset', times=2, dataset=dataset)


def mosaic(dataset) -> ConfigDict:
    return ConfigDict(type='MultiImageMixDataset', dataset=dataset)


def concat(*datasets) -> ConfigDict:
    return ConfigDict(type='ConcatDataset', datasets=list(datasets))


@pytest.mark.parametrize('wrapped', [A, repeat(A), mosaic(repeat(A))])
def test_one_data_set_within_wrappers(wrapped):
    assert inner_data_set(wrapped) == A
    assert list(inner_data_sets(wrapped)) == [A]


def test_a_wrapper_of_something_else_is_the_innermost_there_is():
    inner = ConfigDict(type='Own', root='a')
    assert inner_data_set(repeat(inner)) == inner
    assert list(inner_data_sets(repeat(inner))) == []
    assert inner_data_set(concat(A, B)) == concat(A, B)


def test_a_data_set_with_a_file_is_not_opened():
    # A type of a user's own, that reads both.
    own = ConfigDict(type='Own', ann_file='a.json', dataset=B, datasets=[C])
    assert inner_data_set(own) == own
    assert list(inner_data_sets(own)) == [own]


@pytest.mark.parametrize(
    ('wrapped', 'files'),
    [
        (concat(A, B), 'ab'),
        (repeat(concat(A, mosaic(B))), 'ab'),
        (concat(repeat(A), concat(B, C)), 'abc'),
        (concat(), ''),
    ],
)
def test_all_data_sets_in_order(wrapped, files):
    found = [dataset['ann_file'] for dataset in inner_data_sets(wrapped)]
    assert found == [f'{name}.json' for name in files]
