"""A small detector, and its mask-scored version."""

from functools import partial

import pytest
from mmdet.registry import MODELS

from tests.test_models.test_detectors.any_models import build_small, scored


@pytest.fixture(scope='module')
def detector():
    """A small Mask R-CNN with random weights."""
    return build_small('MaskRCNN')


@pytest.fixture
def build():
    """Function that builds its mask-scored version."""
    return partial(_build, 'MaskRCNN')


def _build(name, **changes):
    return MODELS.build(scored(name, **changes))
