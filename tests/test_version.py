"""There is one version."""

from importlib.metadata import version

import pytest
import yaml

import mmdet_msrcnn
from tests.helpers import ROOT

# Since Python 3.11.
tomllib = pytest.importorskip('tomllib')


def test_every_place_has_the_version_of_the_package():
    own = mmdet_msrcnn.__version__
    assert version('mmdet_msrcnn') == own
    citation = yaml.safe_load((ROOT / 'CITATION.cff').read_text())
    assert citation['version'] == own
    assert f'## [{own}]' in (ROOT / 'CHANGELOG.md').read_text()


def test_the_metadata_takes_it_from_one_attribute():
    metadata = tomllib.loads((ROOT / 'pyproject.toml').read_text())
    assert metadata['project']['dynamic'] == ['version']
    dynamic = metadata['tool']['setuptools']['dynamic']
    assert dynamic['version'] == {'attr': 'mmdet_msrcnn.version.__version__'}
