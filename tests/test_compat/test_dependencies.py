"""Supported versions: one truth in two places."""

import tomllib
from packaging.requirements import Requirement
from packaging.version import Version

from mmdet_msrcnn.compat.dependencies import SUPPORTED, check_dependencies
from tests.helpers import ROOT


def dependencies() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    return {req.name: req for req in map(Requirement, project['dependencies'])}


def test_this_environment_passes():
    check_dependencies()


def test_ranges_equal_those_of_pyproject():
    required = dependencies()
    assert 'mmcv' not in required
    for name, (supported, _) in SUPPORTED.items():
        if name != 'mmcv':
            assert (
                required[name].specifier
                == Requirement(name + supported).specifier
            )


def test_tested_versions_are_in_range():
    required = dependencies()
    for line in (ROOT / 'requirements.txt').read_text().splitlines():
        name, _, pin = line.partition('==')
        if name in required:
            assert Version(pin) in required[name].specifier
