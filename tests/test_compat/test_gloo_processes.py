"""Processes of torchrun without a GPU, around a script of mmdet."""

import pytest
import torch
from torch import distributed


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
