"""Sources of mmengine and mmdet, from archives, checkouts and pip."""

import os
import shutil
from subprocess import CompletedProcess

import pytest

from mmdet_msrcnn.lab.upstream import sources as module
from mmdet_msrcnn.lab.upstream.commands import run_python
from mmdet_msrcnn.lab.upstream.sources import (
    check_imported,
    check_version,
    compile_all,
    download,
    get_sources,
)
from tests.test_lab.test_upstream.trees import CODE, FIXED, write_package


@pytest.fixture(autouse=True)
def installed(monkeypatch):
    """Version 7 of each distribution."""
    monkeypatch.setattr(module, 'version', lambda name: '7')


@pytest.fixture
def archives(tmp_path):
    """A wheel of mmengine and an sdist of mmdet."""
    folder = tmp_path / 'archives'
    wheel = write_package(tmp_path / 'wheel', 'mmengine')
    path = shutil.make_archive(str(folder / 'mmengine-1'), 'zip', wheel)
    os.rename(path, folder / 'mmengine-1-py3-none-any.whl')
    write_package(tmp_path / 'sdist/mmdet-3', 'mmdet')
    shutil.make_archive(
        str(folder / 'mmdet-3'), 'gztar', tmp_path / 'sdist', 'mmdet-3'
    )
    return folder


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_archives(tmp_path, archives):
    found = get_sources('openmmlab', archives, tmp_path)
    assert names(found) == ['mmdet', 'mmengine']
    assert (found / 'mmdet/__init__.py').read_text() == CODE
    check_imported(found)


def test_checkouts(tmp_path):
    for name in ('mmengine', 'mmdet'):
        write_package(tmp_path / 'checkouts' / f'{name}-main', name)
    found = get_sources('openmmlab', tmp_path / 'checkouts', tmp_path)
    assert names(found) == ['mmdet', 'mmengine']


def test_missing_package(tmp_path, archives):
    (archives / 'mmdet-3.tar.gz').unlink()
    with pytest.raises(FileNotFoundError, match='has no mmdet. Pass --source'):
        get_sources('openmmlab', archives, tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='is not a folder. Pass'):
        get_sources('openmmlab', tmp_path / 'none', tmp_path)


@pytest.mark.parametrize(
    ('base', 'name'), [('openmmlab', 'mmdet'), ('onedl', 'onedl-mmdetection')]
)
def test_another_version(tmp_path, base, name):
    write_package(tmp_path / 'checkouts', 'mmengine')
    write_package(tmp_path / 'checkouts', 'mmdet', version='6.1')
    message = f'is mmdet 6.1, but {name} 7 is installed. Pass --source'
    with pytest.raises(ValueError, match=message):
        get_sources(base, tmp_path / 'checkouts', tmp_path)


@pytest.mark.parametrize(
    ('file', 'text'),
    [
        ('onedl_mmengine-7.dist-info/METADATA', 'Name: any\nVersion: 7\n'),
        ('PKG-INFO', 'Version: 7\n'),
        ('pyproject.toml', 'version = "7"\n'),
    ],
)
def test_version_beside_the_package(tmp_path, file, text):
    write_package(tmp_path, 'mmengine')
    (tmp_path / 'mmengine/version.py').write_text('__version__ = version()\n')
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    check_version('onedl', tmp_path / 'mmengine')
    path.write_text(text.replace('7', '8'))
    with pytest.raises(ValueError, match='mmengine 8, but onedl-mmengine 7'):
        check_version('onedl', tmp_path / 'mmengine')


def test_no_version(tmp_path):
    write_package(tmp_path / 'checkouts', 'mmengine')
    (tmp_path / 'checkouts/mmengine/version.py').unlink()
    with pytest.raises(ValueError, match='is mmengine without a version, but'):
        get_sources('openmmlab', tmp_path / 'checkouts', tmp_path)


def test_package_twice(tmp_path, archives):
    write_package(archives / 'checkout', 'mmdet')
    with pytest.raises(ValueError, match='has mmdet 2 times: .* Keep one.'):
        get_sources('openmmlab', archives, tmp_path)


def test_download(tmp_path, monkeypatch):
    commands = []

    def run(arguments):
        commands.append(arguments)
        return CompletedProcess(arguments, 0, '', '')

    monkeypatch.setattr(module, 'run_python', run)
    download('onedl', tmp_path)
    wanted = [command[-1] for command in commands]
    assert wanted == ['onedl-mmengine==7', 'onedl-mmdetection==7']
    for command in commands:
        assert command[:4] == ['-m', 'pip', 'download', '--no-deps']


def test_download_fails(tmp_path, monkeypatch):
    failed = CompletedProcess([], 1, '', 'one\nno such version\n\n')
    monkeypatch.setattr(module, 'run_python', lambda arguments: failed)
    message = 'download mmengine==7: no such version Pass --source'
    with pytest.raises(OSError, match=message):
        download('openmmlab', tmp_path)


def test_change_of_the_same_size_and_time_is_seen(tmp_path):
    write_package(tmp_path)
    path = tmp_path / 'lib/__init__.py'
    compile_all(tmp_path)
    before = path.stat()
    path.write_text(FIXED)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    done = run_python(['-c', 'import lib; print(lib.double(3))'], tmp_path)
    assert done.stdout == '6\n'


def test_package_that_is_not_imported(tmp_path):
    # The module of the standard library is loaded before.
    write_package(tmp_path, 'os')
    with pytest.raises(ValueError, match='Python imports .*, not .*os'):
        check_imported(tmp_path, ['os'])


def test_package_that_does_not_load(tmp_path):
    write_package(tmp_path, code='import no_such_module\n')
    with pytest.raises(ValueError, match='no_such_module.* Use the sources'):
        check_imported(tmp_path, ['lib'])
