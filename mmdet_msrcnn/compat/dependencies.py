"""Readable errors for broken installations.

pip builds mmcv in isolation, without its ops and without a message
(https://github.com/open-mmlab/mmdetection/issues/11983), and mmengine imports
``pkg_resources``, which setuptools 82 removed
(https://github.com/open-mmlab/mmcv/issues/3325). Can go when ``pip install
mmdet`` gives a working environment.
"""

import contextlib
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from sysconfig import get_python_version

from packaging.specifiers import SpecifierSet
from packaging.version import Version

BUILD = (
    "pip install 'setuptools>=64,<81' wheel ninja psutil && "
    'pip install --no-build-isolation --no-cache-dir --force-reinstall '
    '--no-deps {}'
)
TORCH = ('>=2.6,<2.14', 'pip install torch==2.13.0')
# The two families of distributions that provide mmengine, mmcv and mmdet:
# distribution: (supported versions, command that repairs it)
BASES = {
    'openmmlab': {
        'mmengine': ('>=0.10.4,<0.11', 'pip install mmengine==0.10.7'),
        'mmcv': ('>=2.1.0,<2.2.0', BUILD.format('mmcv==2.1.0')),
        'mmdet': ('>=3.3.0,<3.4', 'pip install mmdet==3.3.0'),
    },
    'onedl': {
        'onedl-mmengine': (
            '>=0.10.10,<0.11',
            'pip install onedl-mmengine==0.10.12',
        ),
        'onedl-mmcv': ('>=2.3.5,<2.4', BUILD.format('onedl-mmcv==2.3.6')),
        'onedl-mmdetection': (
            '>=3.5.0,<3.6',
            'pip install onedl-mmdetection==3.5.1',
        ),
    },
}

# The Pythons that a base allows. mmcv 2.1.0 does not build on 3.13: its
# setup.py reads the version from locals() after exec(), which is empty there.
PYTHONS = {'openmmlab': '>=3.10,<3.13', 'onedl': '>=3.10,<3.15'}


def check_dependencies(get_version: Callable[[str], str] = version) -> str:
    """Check that the supported versions are installed, mmcv with its ops.

    Args:
        get_version (Callable): Maps the name of a distribution to its
            version; raises ``PackageNotFoundError`` if it is missing.

    Returns:
        str: The base that is installed, a key of ``BASES``.

    Raises:
        ImportError: If Python or a distribution is out of range, one is
            missing, two bases are installed over each other, mmcv was built
            without ops, or ``pkg_resources`` (which mmengine imports) is
            missing. The message ends with what to do.
    """
    check_version('torch', *TORCH, get_version)
    base = installed_base(get_version)
    check_python(base)
    for name, (supported, command) in BASES[base].items():
        check_version(name, supported, command, get_version)
    if base == 'openmmlab':
        check_pkg_resources()
    (mmcv,) = (one for name, one in BASES[base].items() if 'mmcv' in name)
    check_mmcv_ops(mmcv[1])
    return base


def check_python(base: str) -> None:
    """Check that a base allows this Python.

    Args:
        base (str): A key of ``BASES``.

    Raises:
        ImportError: If it does not.
    """
    found = bases_on_python()
    if base in found:
        return
    names = [*BASES[base]]
    commands = ' Or: '.join(map(install_command, found))
    raise ImportError(
        f'{", ".join(names)} need Python{PYTHONS[base]}, but this is Python '
        f'{get_python_version()}. '
        + (
            f'Run: pip uninstall -y {" ".join(names)} && {commands}'
            if commands
            else 'Use another Python.'
        )
    )


def bases_on_python() -> list[str]:
    """Choose the bases that allow this Python.

    Returns:
        list[str]: Keys of ``BASES``.
    """
    python = get_python_version()
    return [
        base
        for base, supported in PYTHONS.items()
        if python in SpecifierSet(supported)
    ]


def check_version(
    name: str,
    supported: str,
    command: str,
    get_version: Callable[[str], str] = version,
) -> None:
    """Check that a distribution is installed in a supported version.

    Args:
        name (str): Its name.
        supported (str): Supported versions, such as ``'>=2.6,<2.14'``.
        command (str): Command that repairs it.
        get_version (Callable): See :func:`check_dependencies`.

    Raises:
        ImportError: If it is not.
    """
    try:
        found = get_version(name)
    except PackageNotFoundError:
        raise ImportError(
            f'mmdet_msrcnn needs {name}{supported}, which is not '
            f'installed. Run: {command}'
        ) from None
    if not SpecifierSet(supported, prereleases=True).contains(
        Version(found).base_version
    ):
        raise ImportError(
            f'mmdet_msrcnn needs {name}{supported}, but {name} {found} '
            f'is installed. Run: {command}'
        )


def installed_base(get_version: Callable[[str], str] = version) -> str:
    """Find which family provides mmengine, mmcv and mmdet.

    Args:
        get_version (Callable): See :func:`check_dependencies`.

    Returns:
        str: A key of ``BASES``.

    Raises:
        ImportError: If none is installed, or both, which overwrite each
            other's files.
    """
    found: dict[str, list[str]] = {base: [] for base in BASES}
    for base, names in BASES.items():
        for name in names:
            with contextlib.suppress(PackageNotFoundError):
                get_version(name)
                found[base].append(name)
    bases = [base for base, names in found.items() if names]
    if len(bases) == 1:
        return bases[0]
    commands = ' Or: '.join(map(install_command, bases_on_python() or BASES))
    if not bases:
        raise ImportError(
            'mmdet_msrcnn needs mmengine, mmcv and mmdet, and none of them is '
            f'installed. Run: {commands}'
        )
    installed = [name for names in found.values() for name in names]
    raise ImportError(
        f'{", ".join(installed)} are installed, of two families that '
        'overwrite each other. Run: '
        f'pip uninstall -y {" ".join(installed)} && {commands}'
    )


def install_command(base: str) -> str:
    """Make the command that installs a base.

    Args:
        base (str): A key of ``BASES``.

    Returns:
        str: For a shell.
    """
    return ' && '.join(command for _, command in BASES[base].values())


def check_pkg_resources(find: Callable = find_spec) -> None:
    """Check for ``pkg_resources``, which mmengine imports at run time.

    setuptools 82 removed it (https://github.com/open-mmlab/mmcv/issues/3325).

    Raises:
        ImportError: If it is missing.
    """
    if find('pkg_resources') is None:
        raise ImportError(
            'mmengine imports pkg_resources, which setuptools 82 no longer '
            "provides. Run: pip install 'setuptools>=64,<81'"
        )


def check_mmcv_ops(command: str, load: Callable = import_module) -> None:
    """Check that mmcv was built with its ops, and for the torch in use.

    pip builds mmcv in isolation, where it does not find torch and leaves the
    ops out silently (https://github.com/open-mmlab/mmdetection/issues/11983).

    Args:
        command (str): Command that builds mmcv.
        load (Callable): Imports a module.

    Raises:
        ImportError: If ``mmcv._ext`` is missing or does not load.
    """
    # Load these first: their own errors, such as a missing libGL, do not
    # concern the ops.
    load('torch')
    load('mmcv')
    try:
        load('mmcv._ext')
    except ImportError as error:
        raise ImportError(
            f'The ops of mmcv (mmcv._ext) do not load: {error}. They are '
            'missing when pip builds mmcv in isolation, and must be built '
            f'again after torch changes. Run: {command}'
        ) from error
