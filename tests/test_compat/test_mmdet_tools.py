"""Running the scripts that mmdet ships in its wheel."""

import ast
import os
import sys

import mmdet
import pytest
import torch
from torch import distributed

from mmdet_msrcnn.compat import mmdet_tools
from mmdet_msrcnn.compat.mmdet_tools import mmdet_tool, run_mmdet_tool

FORCED = 'TORCH_FORCE_WEIGHTS_ONLY_LOAD'
# Leaves behind what it sees.
SCRIPT = """
import os, sys
from pathlib import Path
from torch import distributed

seen = dict(
    name=__name__,
    argv=sys.argv[1:],
    forced=os.environ.get('TORCH_FORCE_WEIGHTS_ONLY_LOAD'),
    backend=distributed.is_initialized() and distributed.get_backend(),
)
Path({path!r}).write_text(repr(seen))
"""


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


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a tool with arguments; returns what it saw."""
    tool, seen = tmp_path / 'tool.py', tmp_path / 'seen'
    tool.write_text(SCRIPT.format(path=str(seen)))
    monkeypatch.setattr(
        mmdet_tools, 'mmdet_tool', lambda name: tmp_path / name
    )
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    # Set, so that what the run changes is taken back.
    monkeypatch.setenv(FORCED, '0')
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        monkeypatch.setattr(sys, 'argv', ['train.py', *arguments])
        run_mmdet_tool('tool.py')
        return ast.literal_eval(seen.read_text())

    return call


def test_a_tool_runs_as_a_program_that_trusts_no_file(run):
    assert run('config.py', '--resume') == dict(
        name='__main__',
        argv=['config.py', '--resume'],
        forced='1',
        backend=False,
    )
    assert os.environ[FORCED] == '1'


def as_torchrun(monkeypatch, folder):
    """Be the only process of a run."""
    for name, value in (('RANK', 0), ('WORLD_SIZE', 1)):
        monkeypatch.setenv(name, str(value))
    init = distributed.init_process_group

    def over_a_file(backend):
        init(
            backend,
            init_method=f'file://{folder}/meeting',
            rank=0,
            world_size=1,
        )

    monkeypatch.setattr(distributed, 'init_process_group', over_a_file)


@pytest.mark.parametrize(
    'launcher', [('--launcher', 'pytorch'), ('--launcher=pytorch',)]
)
def test_processes_without_a_gpu_meet_over_gloo(
    run, monkeypatch, tmp_path, launcher
):
    as_torchrun(monkeypatch, tmp_path)
    seen = run('config.py', *launcher)
    assert seen['backend'] == 'gloo'
    assert seen['argv'][: 1 + len(launcher)] == ['config.py', *launcher]
    option, *values = seen['argv'][1 + len(launcher) :]
    assert option == '--cfg-options'
    assert dict(value.split('=') for value in values) == {
        'model_wrapper_cfg.type': 'MMDistributedDataParallel',
        'model_wrapper_cfg.device_ids': 'None',
        'model_wrapper_cfg.broadcast_buffers': 'False',
    }
    # While there is a Python that gloo's threads can call.
    assert not distributed.is_initialized()


# whether torchrun started it, whether there is a GPU, arguments
@pytest.mark.parametrize(
    ('ranks', 'cuda', 'arguments'),
    [
        (False, False, ('--launcher', 'pytorch')),
        (True, True, ('--launcher', 'pytorch')),
        (True, False, ('--launcher', 'slurm')),
        (True, False, ()),
    ],
)
def test_other_runs_are_left_to_mmdet(
    run, monkeypatch, tmp_path, ranks, cuda, arguments
):
    if ranks:
        as_torchrun(monkeypatch, tmp_path)
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: cuda)
    seen = run('config.py', *arguments)
    assert seen['backend'] is False
    assert seen['argv'] == ['config.py', *arguments]
