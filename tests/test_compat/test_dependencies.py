"""Supported versions: one truth in two places."""

from importlib.metadata import PackageNotFoundError, version

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from mmdet_msrcnn.compat.dependencies import (
    BASES,
    PYTHONS,
    TORCH,
    check_dependencies,
    install_command,
    installed_base,
)
from tests.helpers import ROOT

# Since Python 3.11.
tomllib = pytest.importorskip('tomllib')

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


@pytest.fixture
def on_python(monkeypatch):
    """Lets the check see another Python."""
    place = 'mmdet_msrcnn.compat.dependencies.get_python_version'
    return lambda python: monkeypatch.setattr(place, lambda: python)


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
def test_the_base_that_is_installed(base, on_python):
    on_python('3.12')
    assert installed_base(having(*BASES[base])) == base
    # Also where a part is missing, which is named then.
    first, *_, last = BASES[base]
    assert installed_base(having(first)) == base
    with pytest.raises(ImportError, match=f'needs {last}.* not installed'):
        check_dependencies(having(*(n for n in BASES[base] if n != last)))


def test_without_a_base_both_commands_are_named(on_python):
    on_python('3.11')
    with pytest.raises(ImportError) as raised:
        check_dependencies(having())
    message = str(raised.value)
    assert 'needs mmengine, mmcv and mmdet' in message
    for base in BASES:
        assert install_command(base) in message
        for name, pin in pins(f'requirements-{base}').items():
            assert f'{name}=={pin}' in message


def test_two_bases_over_each_other_are_named(on_python):
    on_python('3.11')
    both = having('mmengine', 'mmcv', 'mmdet', 'onedl-mmcv')
    uninstall = 'pip uninstall -y mmengine mmcv mmdet onedl-mmcv && '
    with pytest.raises(ImportError, match='overwrite each other') as raised:
        check_dependencies(both)
    assert uninstall + install_command(OPENMMLAB) in str(raised.value)
    assert install_command(ONEDL) in str(raised.value)


@pytest.mark.parametrize('python', ['3.13', '3.14'])
def test_a_python_of_one_base_names_that_base(on_python, python):
    on_python(python)
    with pytest.raises(ImportError, match=f'is Python {python}') as raised:
        check_dependencies(having(*BASES[OPENMMLAB]))
    assert str(raised.value).endswith(
        'Run: pip uninstall -y mmengine mmcv mmdet && '
        + install_command(ONEDL)
    )
    with pytest.raises(ImportError, match='none of them') as raised:
        check_dependencies(having())
    assert str(raised.value).endswith(f'Run: {install_command(ONEDL)}')


@pytest.mark.parametrize('python', ['3.9', '3.15'])
@pytest.mark.parametrize('base', BASES)
def test_a_python_of_no_base_is_named(on_python, base, python):
    on_python(python)
    message = f'need Python>=3.10,.*is Python {python}. Use another Python.'
    with pytest.raises(ImportError, match=message):
        check_dependencies(having(*BASES[base]))


def test_the_metadata_accepts_the_pythons_of_all_bases():
    accepted = SpecifierSet(project()['requires-python'])
    pythons = [f'3.{minor}' for minor in range(8, 20)]
    for python in pythons:
        supported = [python in SpecifierSet(s) for s in PYTHONS.values()]
        assert (python in accepted) == any(supported)


def test_pre_commit_runs_the_ruff_of_make_lint():
    config = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
    (rev,) = (
        repo['rev']
        for repo in config['repos']
        if repo['repo'].endswith('/ruff-pre-commit')
    )
    assert rev == f'v{pins()["ruff"]}'
