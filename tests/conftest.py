"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

# The same examples always, however long a busy machine takes for one.
settings.register_profile('repeatable', derandomize=True, deadline=None)
settings.load_profile('repeatable')


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope='session')
def coco_mini() -> Path:
    """Folder of a small part of COCO 2017, in COCO's layout."""
    root = os.environ.get('MSRCNN_DATA')
    if not root or not Path(root, 'coco-mini').is_dir():
        pytest.skip('needs $MSRCNN_DATA/coco-mini, a part of COCO 2017')
    return Path(root, 'coco-mini')
