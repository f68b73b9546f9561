"""Supported versions: one truth in two places."""

from importlib.metadata import PackageNotFoundError, version

import pytest
import tomllib
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from mmdet_msrcnn.compat.dependencies import (
    BASES,
    TORCH,
    check_dependencies,
    install_command,
    installed_base,
)
from tests.helpers import ROOT

OPENMMLAB, ONEDL = BASES


def project() -> dict:
    return tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']


def parsed(requirements: list[str]) -> dict[str, Requirement]:
    return {req.name: req for req in map(Requirement, requirements)}


def pins(name: str = 'requirements') -> dict[str, str]:
    lines = (ROOT / f'{name}.txt').read_text().splitlines()
    pinned = (line for line in lines if line and not line.startswith('#'))
    return dict(line.split('==') for line in pinned)


def having(*names: str):
    """Stand-in for ``version`` where of all bases only these are installed."""

    def get_version(name):
        every = [one for base in BASES.values() for one in base]
        if name not in every:
            return version(name)
        if name not in names:
            raise PackageNotFoundError(name)
        base = next(base for base in BASES if name in BASES[base])
        return pins(f'requirements-{base}')[name]

    return get_version


def test_this_environment_passes():
    check_dependencies()


def test_neither_base_is_required():
    required = parsed(project()['dependencies'])
    assert not [
        name for base in BASES.values() for name in base if name in required
    ]
    assert (
        required['torch'].specifier
        == Requirement(f'torch{TORCH[0]}').specifier
    )


@pytest.mark.parametrize('base', BASES)
def test_ranges_equal_those_of_the_extra(base):
    extra = parsed(project()['optional-dependencies'][base])
    assert {*extra} == {name for name in BASES[base] if 'mmcv' not in name}
    for name, requirement in extra.items():
        supported, _ = BASES[base][name]
        assert requirement.specifier == Requirement(name + supported).specifier


def test_tested_versions_are_in_range():
    required = parsed(project()['dependencies'])
    for name, pin in pins().items():
        if name in required:
            assert Version(pin) in required[name].specifier


@pytest.mark.parametrize('base', BASES)
def test_tested_versions_of_a_base_are_in_range_and_in_its_command(base):
    tested = pins(f'requirements-{base}')
    assert {*tested} == {*BASES[base]}
    for name, (supported, command) in BASES[base].items():
        assert Version(tested[name]) in Requirement(name + supported).specifier
        assert command.endswith(f'{name}=={tested[name]}')


@pytest.mark.parametrize('base', BASES)
def test_the_base_that_is_installed(base):
    assert installed_base(having(*BASES[base])) == base
    # Also where a part is missing, which is named then.
    first, *_, last = BASES[base]
    assert installed_base(having(first)) == base
    with pytest.raises(ImportError, match=f'needs {last}.* not installed'):
        check_dependencies(having(*(n for n in BASES[base] if n != last)))


def test_without_a_base_both_commands_are_named():
    with pytest.raises(ImportError) as raised:
        check_dependencies(having())
    message = str(raised.value)
    assert 'needs mmengine, mmcv and mmdet' in message
    for base in BASES:
        assert install_command(base) in message
        for name, pin in pins(f'requirements-{base}').items():
            assert f'{name}=={pin}' in message


def test_two_bases_over_each_other_are_named():
    both = having('mmengine', 'mmcv', 'mmdet', 'onedl-mmcv')
    uninstall = 'pip uninstall -y mmengine mmcv mmdet onedl-mmcv && '
    with pytest.raises(ImportError, match='overwrite each other') as raised:
        check_dependencies(both)
    assert uninstall + install_command(OPENMMLAB) in str(raised.value)
    assert install_command(ONEDL) in str(raised.value)


def test_pre_commit_runs_the_ruff_of_make_lint():
    config = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    (rev,) = (
        repo['rev']
        for repo in config['repos']
        if repo['repo'].endswith('/ruff-pre-commit')
    )
    assert rev == f'v{pins()["ruff"]}'
