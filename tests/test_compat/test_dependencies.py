"""Supported versions: one truth in two places."""

import tomllib
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from mmdet_msrcnn.compat.dependencies import SUPPORTED, check_dependencies
from tests.helpers import ROOT


def dependencies() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    return {req.name: req for req in map(Requirement, project['dependencies'])}


def pins() -> dict[str, str]:
    lines = (ROOT / 'requirements.txt').read_text().splitlines()
    pinned = (line for line in lines if line and not line.startswith('#'))
    return dict(line.split('==') for line in pinned)


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
    for name, pin in pins().items():
        if name in required:
            assert Version(pin) in required[name].specifier


def test_pre_commit_runs_the_ruff_of_make_lint():
    config = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    (rev,) = (
        repo['rev']
        for repo in config['repos']
        if repo['repo'].endswith('/ruff-pre-commit')
    )
    assert rev == f'v{pins()["ruff"]}'
