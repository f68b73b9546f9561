"""Files that are written whole or not at all."""

import json
import os

import pytest

from mmdet_msrcnn.utils.io import atomic_path, write_json, write_text


def test_writes_and_replaces(tmp_path):
    path = tmp_path / 'new' / 'file.json'
    write_json(path, [1])
    write_json(path, [2])
    assert json.loads(path.read_text()) == [2]
    assert [p.name for p in path.parent.iterdir()] == ['file.json']


def test_permissions_are_those_of_any_file(tmp_path):
    plain, path = tmp_path / 'plain', tmp_path / 'file.txt'
    before = os.umask(0o027)
    try:
        plain.touch()
        write_text(path, 'new')
    finally:
        os.umask(before)
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o664)
    write_text(path, 'again')
    assert path.stat().st_mode & 0o777 == 0o664


def test_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / 'file.txt'
    write_text(path, 'old')
    with pytest.raises(RuntimeError), atomic_path(path) as temporary:
        temporary.write_text('half')
        raise RuntimeError
    assert path.read_text() == 'old'
    assert list(tmp_path.iterdir()) == [path]
