"""Readable errors for broken installations.

pip builds mmcv in isolation, without its ops and without a message
(https://github.com/open-mmlab/mmdetection/issues/11983), and mmengine imports
``pkg_resources``, which setuptools 82 removed
(https://github.com/open-mmlab/mmcv/issues/3325). Can go when ``pip install
mmdet`` gives a working environment.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from packaging.specifiers import SpecifierSet
from packaging.version import Version

MMCV_BUILD = (
    "pip install 'setuptools>=64,<81' wheel ninja psutil && "
    'pip install --no-build-isolation --no-cache-dir --force-reinstall '
    '--no-deps mmcv==2.1.0'
)

# distribution: (supported versions, command that repairs it)
SUPPORTED = {
    'torch': ('>=2.6,<2.14', 'pip install torch==2.13.0'),
    'mmengine': ('>=0.10.4,<0.11', 'pip install mmengine==0.10.7'),
    'mmcv': ('>=2.1.0,<2.2.0', MMCV_BUILD),
    'mmdet': ('>=3.3.0,<3.4', 'pip install mmdet==3.3.0'),
}


def check_dependencies(get_version: Callable[[str], str] = version) -> None:
    """Check that the supported versions are installed, mmcv with its ops.

    Args:
        get_version (Callable): Maps the name of a distribution to its
            version; raises ``PackageNotFoundError`` if it is missing.

    Raises:
        ImportError: If a distribution is missing or out of range, mmcv was
            built without ops, or ``pkg_resources`` (which mmengine imports)
            is missing. The message ends with the command to run.
    """
    for name, (supported, command) in SUPPORTED.items():
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
    check_pkg_resources()
    check_mmcv_ops()


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


def check_mmcv_ops(load: Callable = import_module) -> None:
    """Check that mmcv was built with its ops, and for the torch in use.

    pip builds mmcv in isolation, where it does not find torch and leaves the
    ops out silently (https://github.com/open-mmlab/mmdetection/issues/11983).

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
            f'again after torch changes. Run: {MMCV_BUILD}'
        ) from error
