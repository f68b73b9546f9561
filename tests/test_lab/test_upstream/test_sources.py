"""Sources of mmengine and mmdet, from archives, checkouts and pip."""

import os
import shutil
from subprocess import CompletedProcess

import pytest

from mmdet_msrcnn.lab.upstream import sources as module
from mmdet_msrcnn.lab.upstream.sources import (
    check_imported,
    compile_all,
    download,
    get_sources,
    run_python,
)
from tests.test_lab.test_upstream.trees import CODE, FIXED, write_package


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
    monkeypatch.setattr(module, 'version', lambda name: '7')
    download('onedl', tmp_path)
    wanted = [command[-1] for command in commands]
    assert wanted == ['onedl-mmengine==7', 'onedl-mmdetection==7']
    for command in commands:
        assert command[:4] == ['-m', 'pip', 'download', '--no-deps']


def test_download_fails(tmp_path, monkeypatch):
    failed = CompletedProcess([], 1, '', 'one\nno such version\n\n')
    monkeypatch.setattr(module, 'run_python', lambda arguments: failed)
    monkeypatch.setattr(module, 'version', lambda name: '7')
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


def test_environment_does_not_decide_for_torch(monkeypatch):
    monkeypatch.setenv('TORCH_FORCE_WEIGHTS_ONLY_LOAD', '1')
    code = 'import os; print([k for k in os.environ if "WEIGHTS" in k])'
    assert run_python(['-c', code]).stdout == '[]\n'


def test_package_that_is_not_imported(tmp_path):
    # The module of the standard library is loaded before.
    write_package(tmp_path, 'os')
    with pytest.raises(ValueError, match='Python imports .*, not .*os'):
        check_imported(tmp_path, ['os'])


def test_package_that_does_not_load(tmp_path):
    write_package(tmp_path, code='import no_such_module\n')
    with pytest.raises(ValueError, match='no_such_module.* Use the sources'):
        check_imported(tmp_path, ['lib'])
