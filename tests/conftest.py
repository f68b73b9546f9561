"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from mmengine.registry import DefaultScope
from mmengine.runner import set_random_seed

# A seed, so that a failure comes again; no limit to the time of an example.
# --hypothesis-profile=default draws others.
settings.register_profile('repeatable', derandomize=True, deadline=None)
settings.load_profile('repeatable')


@pytest.fixture(autouse=True)
def _seed():
    set_random_seed(0)


@pytest.fixture(autouse=True)
def _scope():
    # Runners of other tests leave theirs.
    with DefaultScope.overwrite_default_scope('mmdet'):
        yield


@pytest.fixture(autouse=True)
def _environment():
    # A tool that is called in this process sets variables of torch.
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope='session')
def coco_mini() -> Path:
    """Folder of a small part of COCO 2017, in COCO's layout."""
    root = os.environ.get('MSRCNN_DATA')
    if not root or not Path(root, 'coco-mini').is_dir():
        pytest.skip('needs $MSRCNN_DATA/coco-mini, a part of COCO 2017')
    return Path(root, 'coco-mini')
