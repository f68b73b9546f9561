"""What comes from outside is read, never executed."""

import pickle
import re
from pathlib import Path

import pytest
import torch

from mmdet_msrcnn.checkpoints.read import read_checkpoint
from tests.helpers import Hostile


def test_a_checkpoint_is_read(tmp_path):
    path = tmp_path / 'a.pth'
    torch.save(dict(state_dict=dict(a=torch.ones(2)), meta=dict(b=1)), path)
    content = read_checkpoint(path)
    assert content['meta'] == dict(b=1)
    assert torch.equal(content['state_dict']['a'], torch.ones(2))


@pytest.mark.parametrize('how', ['zip', 'legacy', 'pickle'])
def test_a_hostile_file_is_refused(tmp_path, how):
    path, trace = tmp_path / 'a.pth', tmp_path / 'trace'
    content = dict(state_dict=Hostile(trace))
    if how == 'pickle':
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == 'zip')
    # pathlib._local in Python 3.13
    name = re.escape(f'{Path.__module__}.Path')
    with pytest.raises(
        ValueError, match=f'asks for {name}.*Nothing was run'
    ) as e:
        read_checkpoint(path)
    # torch's advice to load it all the same is left out.
    assert 'weights_only' not in str(e.value)
    assert not trace.exists()
    # The payload works: plain unpickling leaves the file behind.
    if how == 'pickle':
        pickle.loads(path.read_bytes())
        assert trace.exists()


def truncate(path: Path) -> None:
    torch.save(dict(state_dict=dict(a=torch.ones(1000))), path)
    path.write_bytes(path.read_bytes()[:2000])


CASES = {
    'truncated': (truncate, 'is incomplete or not a checkpoint'),
    'empty': (
        lambda path: path.write_bytes(b''),
        'is incomplete or not a checkpoint',
    ),
    'web page': (
        lambda path: path.write_text('\n<!DOCTYPE html><html></html>'),
        'web page',
    ),
    'text': (
        lambda path: path.write_text('hello'),
        'is incomplete or not a checkpoint',
    ),
    # "c" is the request of a pickle for a class.
    'text with a c': (
        lambda path: path.write_text('content\nof a\nfile'),
        'is incomplete or not a checkpoint.*Give the .*.pth file',
    ),
    'a list': (lambda path: torch.save([1], path), 'contains a list'),
}


@pytest.mark.parametrize('case', CASES)
def test_other_files_are_errors(tmp_path, case):
    write, message = CASES[case]
    path = tmp_path / 'a.pth'
    write(path)
    with pytest.raises(ValueError, match=message):
        read_checkpoint(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='none.pth does not exist'):
        read_checkpoint(tmp_path / 'none.pth')
