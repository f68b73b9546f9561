"""Running the scripts that mmdet ships in its wheel."""

import os

import mmdet
import pytest

from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool

FORCED = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'


@pytest.mark.parametrize('name', ['train.py', 'test.py'])
def test_scripts_of_the_wheel(name):
    text = mmdet_tool(name).read_text()
    assert 'from mmengine.runner import Runner' in text
    assert "if __name__ == '__main__':" in text


def test_scripts_of_a_source_tree(tmp_path, monkeypatch):
    (tmp_path / 'mmdet').mkdir()
    monkeypatch.setattr(mmdet, '__file__', f'{tmp_path}/mmdet/__init__.py')
    with pytest.raises(
        FileNotFoundError, match=r'mmdet has no tools/a\.py'
    ) as e:
        mmdet_tool('a.py')
    for folder in ('mmdet/.mim/tools', 'tools'):
        assert str(tmp_path / folder) in str(e.value)
        # Not a folder of that name.
        (tmp_path / folder / 'a.py').mkdir(parents=True)
    (tmp_path / 'tools/b.py').touch()
    assert mmdet_tool('b.py') == tmp_path / 'tools/b.py'
    (tmp_path / 'mmdet/.mim/tools/b.py').touch()
    assert mmdet_tool('b.py') == tmp_path / 'mmdet/.mim/tools/b.py'
    with pytest.raises(FileNotFoundError, match='has no'):
        mmdet_tool('a.py')


def test_a_tool_runs_as_a_program_that_trusts_no_file(run):
    assert run('config.py', '--resume') == dict(
        name='__main__',
        argv=['config.py', '--resume'],
        forced='1',
        backend=False,
    )
    assert os.environ[FORCED] == '1'
