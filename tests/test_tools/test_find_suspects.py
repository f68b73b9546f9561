"""Messages of find_suspects."""

import sys

import pytest

from tests.helpers import load_tool

find_suspects = load_tool('find_suspects')


@pytest.mark.parametrize(
    ('results', 'img_dir', 'message'),
    [
        ('out/suspects.json', '.', 'suspects.json is an input and would be'),
        ('out/images.txt', '.', 'images.txt is an input and would be'),
        ('a.json', 'nope', '--img-dir nope is not a folder'),
        ('a=a.json', '.', 'a=a.json does not exist; there is no NAME= here'),
        ('a.json', '.', 'a.json does not exist. Make it with tools/test.py'),
    ],
)
def test_inputs_are_checked(monkeypatch, tmp_path, results, img_dir, message):
    monkeypatch.chdir(tmp_path)
    command = 'labels', results, '--ann', 'b.json', '--img-dir', img_dir
    command = ['find_suspects.py', *command, '--out-dir', 'out']
    monkeypatch.setattr(sys, 'argv', command)
    with pytest.raises(SystemExit, match=message):
        find_suspects.main()
    assert not (tmp_path / 'out').exists()


def test_annotations_are_not_overwritten(monkeypatch, tmp_path):
    """Such as the suspects of an earlier run, corrected."""
    monkeypatch.chdir(tmp_path)
    command = 'labels', 'a.json', '--ann', 'suspects.json', '--img-dir', '.'
    command = ['find_suspects.py', *command, '--out-dir', str(tmp_path)]
    monkeypatch.setattr(sys, 'argv', command)
    with pytest.raises(SystemExit, match='suspects.json is an input and'):
        find_suspects.main()
