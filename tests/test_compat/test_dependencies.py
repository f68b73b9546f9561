"""Supported versions: one truth in two places."""

import ast

from packaging.requirements import Requirement
from packaging.version import Version

from mmdet_msrcnn.compat.dependencies import SUPPORTED, check_dependencies
from tests.helpers import ROOT


def install_requires() -> dict[str, Requirement]:
    tree = ast.parse((ROOT / 'setup.py').read_text())
    (values,) = (
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == 'install_requires'
    )
    return {req.name: req for req in map(Requirement, values)}


def test_this_environment_passes():
    check_dependencies()


def test_ranges_equal_those_of_setup():
    required = install_requires()
    assert 'mmcv' not in required
    for name, (supported, _) in SUPPORTED.items():
        if name != 'mmcv':
            assert (
                required[name].specifier
                == Requirement(name + supported).specifier
            )


def test_tested_versions_are_in_range():
    required = install_requires()
    for line in (ROOT / 'requirements.txt').read_text().splitlines():
        name, _, pin = line.partition('==')
        if name in required:
            assert Version(pin) in required[name].specifier
