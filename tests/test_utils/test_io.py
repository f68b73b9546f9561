"""Files that are written whole or not at all."""

import copy
import json
import math
import os

import numpy as np
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


def test_json_has_no_nan_and_takes_numpy(tmp_path):
    content = dict(
        a=[math.nan, 1.5], b=(np.float64('nan'), np.int64(3)), c=np.float32(2)
    )
    before = copy.deepcopy(content)
    write_json(tmp_path / 'a.json', content)
    found = json.loads(
        (tmp_path / 'a.json').read_text(), parse_constant=pytest.fail
    )
    assert found == dict(a=[None, 1.5], b=[None, 3], c=2.0)
    assert content['b'][1] == before['b'][1]
    assert math.isnan(content['a'][0])
    for bad, error in ((math.inf, ValueError), ({1}, TypeError)):
        with pytest.raises(error):
            write_json(tmp_path / 'b.json', dict(a=bad))
    assert not (tmp_path / 'b.json').exists()
