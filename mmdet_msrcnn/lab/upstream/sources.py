"""Clean sources of mmengine and mmdet, and what runs on them."""

import compileall
import py_compile
import re
import shutil
import tarfile
import warnings
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from mmdet_msrcnn.compat.dependencies import BASES
from mmdet_msrcnn.lab.upstream.commands import last_line, run_python

PACKAGES = ('mmengine', 'mmdet')
VERSION = re.compile(
    r'^(?:(?:__version__|version) = ["\']|Version: )([^"\'\s]+)', re.MULTILINE
)
REMEDY = (
    'Pass --source with a folder that has the archives (.whl or .tar.gz) or '
    'checkouts of mmengine and mmdet.'
)


def get_sources(base: str, source: Path | None, folder: Path) -> Path:
    """Bring the packages of a base into one folder, without changes.

    Args:
        base (str): A key of ``BASES``.
        source (Path, optional): Folder with archives or checkouts. Without
            it, pip downloads the versions that are installed.
        folder (Path): Folder to write into.

    Returns:
        Path: Folder with ``mmengine/`` and ``mmdet/``.

    Raises:
        OSError: If a package cannot be downloaded, or is missing.
        ValueError: If the folder has a package twice, or another version.
    """
    if source is None:
        source = folder / 'archives'
        download(base, source)
    roots = [source, *unpack(source, folder / 'unpacked')]
    sources = folder / 'sources'
    for package in PACKAGES:
        path = find_package(package, source, roots)
        check_version(base, path)
        shutil.copytree(
            path,
            sources / package,
            ignore=shutil.ignore_patterns('__pycache__', '.mim'),
        )
    compile_all(sources)
    return sources


def download(base: str, folder: Path) -> None:
    """Download the archives of a base's mmengine and mmdet by pip.

    Args:
        base (str): A key of ``BASES``.
        folder (Path): Folder to write into.

    Raises:
        OSError: If pip fails.
    """
    for name in BASES[base]:
        if 'mmcv' in name:
            # Its ops are those of the installed mmcv.
            continue
        requirement = f'{name}=={version(name)}'
        command = ['pip', 'download', '--no-deps', '--prefer-binary']
        done = run_python(['-m', *command, '--dest', str(folder), requirement])
        if done.returncode:
            raise OSError(
                f'pip could not download {requirement}: '
                f'{last_line(done.stderr)} {REMEDY}'
            )


def unpack(source: Path, folder: Path) -> list[Path]:
    """Unpack each archive of a folder into a folder of its own.

    Args:
        source (Path): Folder with archives.
        folder (Path): Folder to write into.

    Returns:
        list[Path]: The folders with their contents.

    Raises:
        OSError: If there is no such folder.
    """
    if not source.is_dir():
        raise FileNotFoundError(f'{source} is not a folder. {REMEDY}')
    folders = []
    for path in sorted(source.iterdir()):
        target = folder / path.name
        if path.suffix == '.whl':
            shutil.unpack_archive(path, target, 'zip')
        elif path.name.endswith('.tar.gz'):
            with tarfile.open(path) as archive:
                archive.extractall(target, filter='data')
        else:
            continue
        folders.append(target)
    return folders


def find_package(package: str, source: Path, roots: Sequence[Path]) -> Path:
    """Find a package in folders and in the folders in them.

    Args:
        package (str): Its name.
        source (Path): Where the folders come from, for messages.
        roots (Sequence[Path]): Folders to search.

    Returns:
        Path: Folder of the package.

    Raises:
        FileNotFoundError: If it is missing.
        ValueError: If there are two.
    """
    found = [path for root in roots for path in packages_in(root, package)]
    if not found:
        raise FileNotFoundError(f'{source} has no {package}. {REMEDY}')
    if len(found) > 1:
        raise ValueError(
            f'{source} has {package} {len(found)} times: '
            f'{", ".join(map(str, found))}. Keep one.'
        )
    return found[0]


def check_version(base: str, path: Path) -> None:
    """Check that a package has the version that is installed.

    Args:
        base (str): A key of ``BASES``.
        path (Path): Folder of the package.

    Raises:
        ValueError: If it has another version, or none.
    """
    (name,) = (name for name in BASES[base] if path.name in name)
    # That of OneDL is not in its code, but in a wheel, an sdist, a checkout.
    wheel = f'{name.replace("-", "_")}-*.dist-info/METADATA'
    root = path.parent
    files = [*root.glob(wheel), root / 'PKG-INFO', root / 'pyproject.toml']
    texts = (
        file.read_text('utf-8')
        for file in (path / 'version.py', *files)
        if file.is_file()
    )
    matches = filter(None, map(VERSION.search, texts))
    found = next((match[1] for match in matches), 'without a version')
    if found != version(name):
        raise ValueError(
            f'{path} is {path.name} {found}, but {name} {version(name)} is '
            'installed. Pass --source with sources of the installed version.'
        )


def packages_in(root: Path, package: str) -> Iterator[Path]:
    for pattern in ('', '*/'):
        for path in root.glob(f'{pattern}{package}/__init__.py'):
            yield path.parent


def compile_all(folder: Path) -> None:
    """Compile a tree once; copies of it start faster.

    The compiled files have a hash of the source: a patched file is compiled
    again, also if its size and time are the same.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        compileall.compile_dir(
            folder,
            quiet=2,
            invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
        )


def check_imported(tree: Path, packages: Sequence[str] = PACKAGES) -> None:
    """Check that Python imports the packages of a tree.

    Args:
        tree (Path): Folder with packages.
        packages (Sequence[str]): Their names.

    Raises:
        ValueError: If it imports others, or fails.
    """
    for package in packages:
        code = f'import {package}; print({package}.__file__)'
        done = run_python(['-c', code], tree)
        if done.returncode:
            raise ValueError(
                f'{package} of the sources cannot be imported with the '
                f'installed packages: {last_line(done.stderr)} Use the '
                'sources of the base that is installed.'
            )
        expected = tree / package / '__init__.py'
        if not Path(last_line(done.stdout)).samefile(expected):
            raise ValueError(
                f'Python imports {last_line(done.stdout)}, not {expected}. '
                f'Use a Python whose {package} can be replaced by PYTHONPATH.'
            )
